/** The audit log. `lazy-modules.ts` loads this folder as one module for a cluster that has such a log. */
export { AuditLog } from './audit-log.ts';
