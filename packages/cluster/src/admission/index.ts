/**
 * Webhooks and policies that decide about writes. `lazy-modules.ts` loads this folder as one module, for the first
 * write to a cluster with a webhook, a policy binding or a conversion webhook.
 */
export { withAdmission } from './admission-session.ts';
export { WorkAdmission } from './work-admission.ts';
