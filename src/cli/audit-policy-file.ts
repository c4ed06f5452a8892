import type { AuditPolicy } from '../cluster/index.ts';
import { auditPolicyError, readAuditPolicy } from '../testing/index.ts';
import { readTextFile } from './up/read-manifest.ts';

/**
 * Reads the audit policy in a file. `shown` is the name of the file in errors.
 *
 * @throws TypeKroError `cluster/audit-policy` with the line and the field of each problem; `input/not-found` and
 *   `input/unreadable` for the file.
 */
export async function readAuditPolicyFile(path: string, shown = path): Promise<AuditPolicy> {
  const text = await readTextFile(path, shown);
  const { policy, diagnostics } = readAuditPolicy(text, shown);
  if (policy === undefined) throw auditPolicyError(shown, diagnostics, text);
  return policy;
}
