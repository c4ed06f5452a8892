/**
 * Is an object ready, and if not, why? One pure function for built-in kinds and custom resources:
 * generic rules of kstatus, then a table of kinds, then conditions. A second one finds the cause: in the pods, the
 * conditions and the events of what the object made.
 *
 * @packageDocumentation
 */
export type { Cause, Surroundings } from './causes.ts';
export { causesOf, causeText } from './causes.ts';
export type { Readiness, ReadinessState } from './model.ts';
export { readinessOf, SUMMARY_CONDITIONS } from './readiness.ts';
export type { StatusReport } from './status-report.ts';
export { statusReport } from './status-report.ts';
