import type { AuditPolicy } from '@typekro/cluster';
import { formatDiagnostic } from '@typekro/kit/core';
import { type ReadAuditPolicy, auditPolicyError, readAuditPolicy } from '@typekro/testing';
import { readTextFile } from './inputs/read-manifest.ts';

/**
 * Reads the audit policy in a file. Also returns its problems and the content of the file. `shown` is the file name in
 * problems.
 *
 * @throws TypeKroError `input/unreadable` for a file that is missing or cannot be read.
 */
export async function parseAuditPolicyFile(
  path: string,
  shown = path,
): Promise<ReadAuditPolicy & { readonly text: string }> {
  const text = await readTextFile(path, shown);
  return { ...readAuditPolicy(text, shown), text };
}

/**
 * Reads the audit policy in a file, for a server that needs it. `warn` receives the text of each warning.
 *
 * @throws TypeKroError `cluster/audit-policy` with the line and the field of each problem; `input/unreadable` for a
 * file that is missing or cannot be read.
 */
export async function readAuditPolicyFile(path: string, warn: (text: string) => void): Promise<AuditPolicy> {
  const { policy, diagnostics, text } = await parseAuditPolicyFile(path);
  if (policy === undefined) throw auditPolicyError(path, diagnostics, text);
  for (const diagnostic of diagnostics) warn(formatDiagnostic(diagnostic, text));
  return policy;
}
