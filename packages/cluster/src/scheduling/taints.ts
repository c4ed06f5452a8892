import { type JsonObject, oncePerObject, stringifyJson } from '@typekro/kit/core';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** The taint of cordoned nodes. A pod that tolerates it may run on a cordoned node. */
export const CORDON_TAINT: JsonObject = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** The value of a toleration with the operator `Exists` is `null`. */
const keyOf = (effect: string, key: string, value: string | null): string => stringifyJson([effect, key, value]);

/**
 * The tolerations of a pod's spec, and the place of the first one of each effect, key and value. A pod may have
 * thousands of tolerations, and a node thousands of taints.
 */
const tolerationsOf = oncePerObject((spec: JsonObject) => {
  const list = objectsAt(spec, 'tolerations');
  const places = new Map<string, number>();
  for (const [place, toleration] of [...list.entries()].toReversed()) {
    const operator = textAt(toleration, 'operator');
    if (!['', 'Equal', 'Exists'].includes(operator)) continue;
    const value = operator === 'Exists' ? null : textAt(toleration, 'value');
    places.set(keyOf(textAt(toleration, 'effect'), textAt(toleration, 'key'), value), place);
  }
  return { list, places };
});

/**
 * The first toleration of a pod's spec that matches the taint. An empty effect matches all effects, an empty key all
 * keys, and the operator `Exists` all values.
 */
export function tolerationOf(taint: JsonObject, spec: JsonObject = {}): JsonObject | undefined {
  const { list, places } = tolerationsOf(spec);
  const found = ['', textAt(taint, 'effect')].flatMap((effect) =>
    ['', textAt(taint, 'key')].flatMap((key) =>
      [null, textAt(taint, 'value')].flatMap((value) => places.get(keyOf(effect, key, value)) ?? []),
    ),
  );
  return list[Math.min(...found)];
}

/** The first taint that has one of the effects and that no toleration of a pod's spec matches. */
export function untoleratedTaint(
  taints: readonly JsonObject[],
  spec: JsonObject | undefined,
  effects: readonly string[],
): JsonObject | undefined {
  return taints.find((taint) => effects.includes(textAt(taint, 'effect')) && tolerationOf(taint, spec) === undefined);
}

/**
 * The delay in milliseconds after which a pod with this spec is evicted from a node with these `NoExecute` taints. 0
 * when at least one of the taints is not tolerated, `undefined` when the pod tolerates all of them without a time
 * limit. For each taint, the first matching toleration counts. Of several taints, the shortest delay counts.
 */
export function evictionDelayMs(taints: readonly JsonObject[], spec: JsonObject | undefined): number | undefined {
  let delay = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const toleration = tolerationOf(taint, spec);
    if (toleration === undefined) return 0;
    const seconds = numberAt(toleration, 'tolerationSeconds') ?? Number.POSITIVE_INFINITY;
    delay = Math.min(delay, Math.max(0, seconds * 1000));
  }
  return Number.isFinite(delay) ? delay : undefined;
}
