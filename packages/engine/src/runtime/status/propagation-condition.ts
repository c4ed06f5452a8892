import { type KubeObject, count } from '@typekro/kit/core';
import { readConditions, transition } from '../conditions.ts';
import { explainNode } from '../reports/explain.ts';
import type { Condition, StepOptions } from '../model.ts';
import { hasPropagation } from '../nodes/propagate.ts';
import type { NodeReport } from '../report.ts';
import type { StepContext } from '../step-context.ts';

/** The condition that reports whether `propagateWhen` holds writes back, as in the proposal for kro. */
export const PROPAGATED_CONDITION = 'ResourcesPropagated';

/** The maximum number of nodes that the message names. */
const MAX_NAMED_NODES = 5;

/**
 * A list with the condition `ResourcesPropagated`. The list is empty if no node of the graph has conditions of
 * `propagateWhen`.
 */
export function propagationConditions(
  { graph }: Pick<StepContext, 'graph'>,
  instance: KubeObject,
  reports: readonly NodeReport[],
  { now }: Pick<StepOptions, 'now'>,
): Condition[] {
  if (!hasPropagation(graph)) return [];
  const held = reports.filter(({ because }) => because.kind === 'held');
  const names = held.slice(0, MAX_NAMED_NODES).map((report) => `node ${report.id} ${explainNode(report).reason}`);
  const unnamed = held.length - MAX_NAMED_NODES;
  const more = unnamed > 0 ? `\nand ${count(unnamed, 'more node')}` : '';
  const value =
    held.length === 0
      ? ({ status: 'True', reason: 'Propagated', message: 'no write is held back' } as const)
      : ({ status: 'False', reason: 'Held', message: names.join('\n') + more } as const);
  const before = readConditions(instance.status?.['conditions']).find(({ type }) => type === PROPAGATED_CONDITION);
  return [transition(PROPAGATED_CONDITION, value, before, instance.metadata.generation ?? 0, now)];
}
