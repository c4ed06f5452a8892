import { withProgress } from '@typekro/cel';
import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import type { Expression } from '../graph/index.ts';
import type { InstancePropagation } from '../graph/model.ts';
import { type EvaluateContext, evaluateToJson } from './evaluate.ts';
import { timeRetry } from './now-sample.ts';

/** An instance of a definition, and its progress towards the newest revision. */
export interface PropagatedInstance {
  readonly id: string;
  readonly object: KubeObject;
  /** Does the instance follow the newest revision? */
  readonly updated: boolean;
  /** Is the instance ready with the revision that it follows? */
  readonly ready: boolean;
}

/**
 * Decides which instances do not get the newest revision yet: those for which a condition of `spec.propagateWhen` is
 * not true. An instance that already follows the newest revision keeps it.
 *
 * @param instances the instances in the order in which they get the revision
 * @returns a map from the id of each held instance to the reason, and the time of the next decision if a condition
 *   calls `now()`
 */
export function heldInstances(
  { singular, plural, conditions }: InstancePropagation,
  instances: readonly PropagatedInstance[],
  context: EvaluateContext,
): { readonly held: ReadonlyMap<string, string>; readonly retryAt?: number } {
  const values = withProgress(
    instances.map(({ object, updated, ready }) => withProgress<object>(object, { updated, ready })),
    { updated: instances.every(({ updated }) => updated), ready: instances.every(({ ready }) => ready) },
  );
  const reasonAmong = (among: readonly Expression[], item: object | undefined): string | undefined => {
    const variables = new Map<string, unknown>([
      [singular, item],
      [plural, values],
    ]);
    for (const expression of among) {
      const result = evaluateToJson(expression, variables, context);
      if (result.state === 'value' && result.value === true) continue;
      return result.state === 'value'
        ? `${expression.cel} is ${stringifyJson(result.value ?? null)}`
        : result.failure.message;
    }
    return undefined;
  };
  const held = new Map<string, string>();
  if (instances.every(({ updated }) => updated)) return { held };
  const ofOne = conditions.filter(({ references }) => references.includes(singular));
  const ofAll = conditions.filter((each) => !ofOne.includes(each));
  // Conditions about all instances have one value for all instances, so they are evaluated once.
  const common = reasonAmong(ofAll, values[0]);
  for (const [index, { id, updated }] of instances.entries()) {
    if (updated) continue;
    const reason = common ?? reasonAmong(ofOne, values[index]);
    if (reason !== undefined) held.set(id, reason);
  }
  return { held, ...timeRetry(conditions, context.now) };
}
