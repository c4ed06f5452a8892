import type { KubeObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import { specNumber } from '../pods/pod-state.ts';
import { rollingLimits } from '../workloads/rollout-plan.ts';

/**
 * Two annotations on a ReplicaSet: the number of replicas of its Deployment, and the maximum number of pods of its
 * Deployment.
 */
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
export const MAXIMUM = 'deployment.kubernetes.io/max-replicas';

const sizeOf = (set: KubeObject): number => specNumber(set, 'replicas', 0);

/** Returns the number in an annotation of a ReplicaSet, or `undefined` if there is none. */
function annotated({ metadata }: KubeObject, name: string): number | undefined {
  const text = metadata.annotations?.[name] ?? '';
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Has the number of replicas of a Deployment changed since its ReplicaSets were sized? */
export function isScaled(deployment: KubeObject, sets: readonly KubeObject[]): boolean {
  const desired = specNumber(deployment, 'replicas', 1);
  return sets.some((set) => sizeOf(set) > 0 && (annotated(set, DESIRED) ?? desired) !== desired);
}

/**
 * Computes the sizes of the ReplicaSets after a change of their Deployment's number of replicas, by the rules of the
 * Deployment controller. A single ReplicaSet gets all replicas. During a rolling update, each ReplicaSet grows or
 * shrinks in proportion to its size, so that a larger number of replicas does not speed up the rollout. ReplicaSets
 * that are not in the result do not change.
 */
export function scaledSizes(
  deployment: KubeObject,
  current: KubeObject | undefined,
  sets: readonly KubeObject[],
): ReadonlyMap<KubeObject, number> {
  const desired = specNumber(deployment, 'replicas', 1);
  const active = sets.filter((set) => sizeOf(set) > 0);
  const [only, ...others] = active.length > 0 ? active : [current ?? sets.toSorted(compareAge).at(-1)];
  if (only === undefined) return new Map();
  if (others.length === 0) return new Map([[only, desired]]);
  if (current !== undefined && isSaturated(current, desired)) {
    return new Map(active.map((set) => [set, set === current ? desired : 0]));
  }
  return proportionalSizes(deployment, desired, active);
}

/** Does the ReplicaSet have all pods of its Deployment, and are all of them available? */
const isSaturated = (set: KubeObject, desired: number): boolean =>
  sizeOf(set) === desired &&
  annotated(set, DESIRED) === desired &&
  numberAt(set.status, 'availableReplicas') === desired;

function proportionalSizes(
  deployment: KubeObject,
  desired: number,
  active: readonly KubeObject[],
): ReadonlyMap<KubeObject, number> {
  const sizes = new Map(active.map((set) => [set, sizeOf(set)]));
  if (textAt(deployment.spec, 'strategy', 'type') === 'Recreate') return sizes;
  const maximum = desired === 0 ? 0 : desired + rollingLimits(deployment).maxSurge;
  const missing = maximum - active.reduce((sum, set) => sum + sizeOf(set), 0);
  if (missing === 0) return sizes;
  const direction = missing > 0 ? -1 : 1;
  const ordered = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || direction * compareAge(a, b));
  let left = missing;
  for (const set of ordered) {
    if (left === 0) break;
    const change = proportionOf(set, deployment, { desired, maximum });
    const bounded = missing > 0 ? Math.min(change, left) : Math.max(change, left);
    sizes.set(set, sizeOf(set) + bounded);
    left -= bounded;
  }
  const [largest] = ordered;
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + left));
  return sizes;
}

/** Returns the change of a ReplicaSet's size that preserves its share of all pods. */
function proportionOf(
  set: KubeObject,
  { status }: KubeObject,
  { desired, maximum }: { readonly desired: number; readonly maximum: number },
): number {
  if (desired === 0) return -sizeOf(set);
  const before = annotated(set, MAXIMUM) || (numberAt(status, 'replicas') ?? 0);
  return before === 0 ? 0 : Math.round((sizeOf(set) * maximum) / before) - sizeOf(set);
}

/** Compares objects for sorting: the oldest object is the first. */
function compareAge(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}
