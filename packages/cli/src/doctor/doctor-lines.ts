import { count } from '@typekro/kit/core';
import { printableLine } from '../text/output-text.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Severity } from './finding.ts';

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
