import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, transitionTimeOf } from '@typekro/kit/kubernetes';

const TYPE = 'DisruptionAllowed';

/**
 * The conditions of a PodDisruptionBudget that allows `allowed` evictions. `now` is the time in the format of
 * timestamps in objects. Conditions of other types are kept.
 */
export function disruptionConditions({ metadata, status }: KubeObject, allowed: number, now: string): JsonObject[] {
  const present = objectsAt(status, 'conditions');
  const known = present.find(({ type }) => type === TYPE);
  const next = allowed > 0 ? 'True' : 'False';
  const condition = {
    type: TYPE,
    status: next,
    observedGeneration: metadata.generation ?? 1,
    lastTransitionTime: transitionTimeOf(known, next, now),
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
  return known === undefined ? [...present, condition] : present.map((each) => (each === known ? condition : each));
}

/** The condition of an APIService that this server serves. `now` is the time in the format of timestamps. */
export const localCondition = (now: string) => ({
  type: 'Available',
  status: 'True',
  lastTransitionTime: now,
  reason: 'Local',
  message: 'Local APIServices are always available',
});
