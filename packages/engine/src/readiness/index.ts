/**
 * Readiness of objects. `readinessOf` decides whether an object of a built-in kind or a custom resource is ready. It
 * tries the generic rules of kstatus, then a table of kinds, then conditions. The function is pure.
 *
 * @packageDocumentation
 */
export type { Readiness, ReadinessState } from './verdict.ts';
export { readinessOf, StatusReport } from './readiness.ts';
