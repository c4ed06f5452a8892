import type { ClusterFacts } from './cluster-facts.ts';
import type { CheckResult, Finding, Severity } from './finding.ts';
import { checkControllers } from './checks/check-controllers.ts';
import { checkConversions } from './checks/check-conversions.ts';
import { checkCrds } from './checks/check-crds.ts';
import { checkLeases } from './checks/check-leases.ts';
import { checkPods } from './checks/check-pods.ts';
import { checkRights } from './checks/check-rights.ts';
import { checkClock, checkServer } from './checks/check-server.ts';
import { checkStuckObjects } from './checks/check-stuck-objects.ts';
import { checkWebhooks } from './checks/check-webhooks.ts';
import { count } from '@typekro/kit/core';
import { printableLine } from '../text/output-text.ts';

/** Maps the name of each check to its function, in the order of the output. */
const CHECKS: ReadonlyMap<string, (facts: ClusterFacts) => CheckResult> = new Map([
  ['server', checkServer],
  ['clock', checkClock],
  ['crds', checkCrds],
  ['controllers', checkControllers],
  ['leases', checkLeases],
  ['rights', checkRights],
  ['webhooks', checkWebhooks],
  ['conversions', checkConversions],
  ['pods', checkPods],
  ['objects', checkStuckObjects],
]);

/** The result of all checks. */
export interface Diagnosis {
  readonly findings: readonly (Finding & { readonly check: string })[];
  /** The checks, or parts of checks, that could not be done, each with the reason. */
  readonly skipped: readonly { readonly check: string; readonly because: string }[];
  /** The checks that were completed and found nothing. */
  readonly passed: readonly string[];
  /** The checks for which the cluster has no objects. */
  readonly empty: readonly string[];
}

/** Runs all checks on the facts of a cluster. */
export function diagnose(facts: ClusterFacts): Diagnosis {
  const findings: (Finding & { check: string })[] = [];
  const skipped: { check: string; because: string }[] = [];
  const passed: string[] = [];
  const empty: string[] = [];
  for (const [check, run] of CHECKS) {
    const result = run(facts);
    for (const finding of result.findings) findings.push({ check, ...finding });
    for (const because of result.unread) skipped.push({ check, because });
    if (result.findings.length + result.unread.length > 0) continue;
    (result.isEmpty ? empty : passed).push(check);
  }
  return { findings, skipped, passed, empty };
}

const MARKS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', info: 'i' };
const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/**
 * Prints a diagnosis as lines: findings in order of severity, skipped checks, passed checks, checks without objects,
 * and a summary.
 */
export function doctorLines(
  { findings, skipped, passed, empty }: Diagnosis,
  cluster: string,
  server: string,
): string[] {
  const found = (severity: Severity) => findings.filter((each) => each.severity === severity).length;
  const sorted = ORDER.flatMap((severity) => findings.filter((each) => each.severity === severity));
  return [
    `cluster ${cluster}   Kubernetes ${server}`,
    ...sorted.flatMap(({ severity, check, where, what, why, remedy }) => [
      `${MARKS[severity]} ${check}   ${printableLine(`${where}: ${what}`)}`,
      `    why  ${printableLine(why)}`,
      ...(remedy === undefined ? [] : [`    do   ${printableLine(remedy)}`]),
    ]),
    ...skipped.map(({ check, because }) => `? ${check}   not checked: ${printableLine(because)}`),
    ...(passed.length === 0 ? [] : [`✓ ${passed.join(', ')}`]),
    ...(empty.length === 0 ? [] : [`– ${empty.join(', ')}   nothing to check`]),
    `${count(found('error'), 'error')}, ${count(found('warning'), 'warning')}, ${skipped.length} not checked`,
  ];
}
