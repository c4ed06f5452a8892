import { withProgress } from '../cel/index.ts';
import type { KubeObject } from '../core/index.ts';
import type { InstancePropagation } from '../graph/index.ts';
import type { EvaluateContext } from './evaluate.ts';
import { evaluateToJson } from './evaluate.ts';

/** An instance of a definition, and how far it is with the newest revision. */
export interface PropagatedInstance {
  readonly id: string;
  readonly object: KubeObject;
  /** Does the instance follow the newest revision? */
  readonly updated: boolean;
  /** Is the instance ready with the revision that it follows? */
  readonly ready: boolean;
}

/**
 * Decides which instances do not get the newest revision yet: those for which a condition of `spec.propagateWhen` is not
 * true. An instance that follows the revision keeps it.
 *
 * @param instances the instances in the order of the batches
 * @returns the reason for each such instance, by id
 */
export function heldInstances(
  { singular, plural, conditions }: InstancePropagation,
  instances: readonly PropagatedInstance[],
  context: EvaluateContext,
): ReadonlyMap<string, string> {
  const values = instances.map(({ object, updated, ready }) => withProgress<object>(object, { updated, ready }));
  const held = new Map<string, string>();
  for (const [index, { id, updated }] of instances.entries()) {
    if (updated) continue;
    const variables = new Map<string, unknown>([
      [singular, values[index]],
      [plural, values],
    ]);
    for (const expression of conditions) {
      const result = evaluateToJson(expression, variables, context);
      if (result.state === 'value' && result.value === true) continue;
      held.set(id, result.state === 'value' ? `${expression.cel} is false` : result.failure.message);
      break;
    }
  }
  return held;
}
