/**
 * Webhooks and policies that decide about writes. `lazy-modules.ts` loads them as one module, for the first write to a
 * cluster that has some.
 */
export { withAdmission } from './session.ts';
export { WorkAdmission } from './work-admission.ts';
