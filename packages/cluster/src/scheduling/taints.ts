import type { JsonObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';

/** The taint of cordoned nodes. A pod that tolerates it may run on a cordoned node. */
export const CORDON_TAINT: JsonObject = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/**
 * Does the toleration match the taint? An empty effect matches all effects. An empty key with the operator `Exists`
 * matches all keys and values.
 */
export function tolerates(toleration: JsonObject, taint: JsonObject): boolean {
  const [effect, key] = [textAt(toleration, 'effect'), textAt(toleration, 'key')];
  if (effect !== '' && effect !== textAt(taint, 'effect')) return false;
  if (key !== '' && key !== textAt(taint, 'key')) return false;
  switch (textAt(toleration, 'operator')) {
    case '':
    case 'Equal':
      return textAt(toleration, 'value') === textAt(taint, 'value');
    case 'Exists':
      return true;
    default:
      return false;
  }
}

/**
 * The first taint that has one of the effects and that no toleration matches; `undefined` when all such taints are
 * tolerated.
 */
export function untoleratedTaint(
  taints: readonly JsonObject[],
  tolerations: readonly JsonObject[],
  effects: readonly string[],
): JsonObject | undefined {
  return taints.find(
    (taint) =>
      effects.includes(textAt(taint, 'effect')) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/**
 * The delay in milliseconds after which a pod is evicted from a node with these `NoExecute` taints. 0 when at least one
 * of the taints is not tolerated, `undefined` when the pod tolerates all of them without a time limit. For each taint,
 * the first matching toleration counts. Of several taints, the shortest delay counts.
 */
export function evictionDelayMs(taints: readonly JsonObject[], tolerations: readonly JsonObject[]): number | undefined {
  let delay: number | undefined;
  for (const taint of taints) {
    const toleration = tolerations.find((entry) => tolerates(entry, taint));
    if (toleration === undefined) return 0;
    const seconds = numberAt(toleration, 'tolerationSeconds');
    if (seconds === undefined) continue;
    delay = Math.min(delay ?? Number.POSITIVE_INFINITY, Math.max(0, seconds * 1000));
  }
  return delay;
}
