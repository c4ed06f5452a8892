/**
 * Readiness of objects. `readinessOf` decides whether an object of a built-in kind or a custom resource is ready. It
 * tries the generic rules of kstatus, then a table of kinds, then conditions. `causesOf` finds the reasons why an
 * object is not ready. It reads the pods, conditions and events of the object and of the objects that it owns. Both
 * functions are pure.
 *
 * @packageDocumentation
 */
export type { Cause } from './causes.ts';
export { causesOf, causeText, podFamily, openFamily } from './causes.ts';
export type { Readiness, ReadinessState } from './verdict.ts';
export type { StatusReport } from './readiness.ts';
export { readinessOf, SUMMARY_CONDITIONS, statusReport } from './readiness.ts';
