/**
 * Readiness of objects. One pure function decides whether an object of a built-in kind or a custom resource is ready.
 * It tries generic rules of kstatus, then a table of kinds, then conditions. A second pure function finds the reasons
 * why an object is not ready, in the pods, conditions and events of the object and of the objects that it owns.
 *
 * @packageDocumentation
 */
export type { Cause, Surroundings } from './causes.ts';
export { causesOf, causeText, podFamily, openFamily } from './causes.ts';
export type { Readiness, ReadinessState } from './model.ts';
export { readinessOf, SUMMARY_CONDITIONS } from './readiness.ts';
export type { StatusReport } from './status-report.ts';
export { statusReport } from './status-report.ts';
