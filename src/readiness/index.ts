/**
 * Readiness of objects. One pure function decides for built-in kinds and custom resources: generic rules of kstatus,
 * then a table of kinds, then conditions. A second pure function finds the causes in the pods, conditions and events of
 * the object and of the objects that it owns.
 *
 * @packageDocumentation
 */
export type { Cause, Surroundings } from './causes.ts';
export { causesOf, causeText, familyOf, openFamily } from './causes.ts';
export type { Readiness, ReadinessState } from './model.ts';
export { readinessOf, SUMMARY_CONDITIONS } from './readiness.ts';
export type { StatusReport } from './status-report.ts';
export { statusReport } from './status-report.ts';
