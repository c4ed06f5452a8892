import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { numberAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import { specNumber } from '../pods/pod-state.ts';

/** The next number of pods for each ReplicaSet of a Deployment. */
export interface RolloutPlan {
  /** True when the new ReplicaSet can be created. A Recreate rollout waits until the old pods are gone. */
  readonly mayCreate: boolean;
  readonly newReplicas: number;
  /** The maximum number of pods of the Deployment at any time. */
  readonly maxReplicas: number;
  readonly old: readonly { readonly set: KubeObject; readonly replicas: number }[];
}

/**
 * Returns the next step of a rollout, by the rules of the Deployment controller. The new ReplicaSet grows within the
 * surge. Old ReplicaSets shrink as much as `maxUnavailable` allows, starting with unavailable pods.
 */
export function rolloutPlan(
  deployment: KubeObject,
  current: KubeObject | undefined,
  sets: readonly KubeObject[],
  oldPods: number,
): RolloutPlan {
  const desired = specNumber(deployment, 'replicas', 1);
  const strategy = isJsonObject(deployment.spec?.['strategy']) ? deployment.spec['strategy'] : {};
  const old = sets.filter((set) => set !== current);
  if (strategy['type'] === 'Recreate') {
    const mayCreate = oldPods === 0;
    const newReplicas = mayCreate ? desired : current === undefined ? 0 : specNumber(current, 'replicas', 0);
    return { mayCreate, newReplicas, maxReplicas: desired, old: old.map((set) => ({ set, replicas: 0 })) };
  }
  const { maxSurge, maxUnavailable } = rollingLimits(deployment);
  const total = sets.reduce((sum, set) => sum + specNumber(set, 'replicas', 0), 0);
  const before = current === undefined ? 0 : specNumber(current, 'replicas', 0);
  const room = Math.max(0, desired + maxSurge - total);
  const newReplicas = before > desired ? desired : Math.min(desired, before + room);
  return {
    mayCreate: true,
    newReplicas,
    maxReplicas: desired + maxSurge,
    old: shrink(old, {
      total: total - before + newReplicas,
      minAvailable: desired - maxUnavailable,
      newUnavailable: newReplicas - Math.min(newReplicas, current === undefined ? 0 : available(current)),
      newAvailable: current === undefined ? 0 : available(current),
    }),
  };
}

interface Budget {
  readonly total: number;
  readonly minAvailable: number;
  readonly newUnavailable: number;
  readonly newAvailable: number;
}

function shrink(old: readonly KubeObject[], budget: Budget): { set: KubeObject; replicas: number }[] {
  const plan = old.map((set) => ({ set, replicas: specNumber(set, 'replicas', 0) }));
  let removable = budget.total - budget.minAvailable - budget.newUnavailable;
  // Removing unavailable pods does not reduce the availability.
  for (const entry of plan) {
    const unhealthy = Math.min(Math.max(0, entry.replicas - available(entry.set)), Math.max(0, removable));
    entry.replicas -= unhealthy;
    removable -= unhealthy;
  }
  let surplus = budget.newAvailable + old.reduce((sum, set) => sum + available(set), 0) - budget.minAvailable;
  for (const entry of plan) {
    const cut = Math.max(0, Math.min(entry.replicas, removable, surplus));
    entry.replicas -= cut;
    removable -= cut;
    surplus -= cut;
  }
  return plan;
}

function available(set: KubeObject): number {
  const value = set.status?.['availableReplicas'];
  return typeof value === 'number' ? value : 0;
}

/**
 * Returns `maxSurge`, rounded up, and `maxUnavailable`, rounded down. If both are zero in a rolling update, one pod may
 * be unavailable, because the rollout could not proceed otherwise. For the strategy `Recreate`, both are 0.
 */
export function rollingLimits({ spec }: KubeObject): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (textAt(spec, 'strategy', 'type') === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const desired = numberAt(spec, 'replicas') ?? 1;
  const rolling = objectAt(spec, 'strategy', 'rollingUpdate');
  const maxSurge = share(rolling['maxSurge'] ?? '25%', desired, Math.ceil);
  const maxUnavailable = Math.min(desired, share(rolling['maxUnavailable'] ?? '25%', desired, Math.floor));
  return maxSurge === 0 && maxUnavailable === 0
    ? { maxSurge, maxUnavailable: Math.min(1, desired) }
    : { maxSurge, maxUnavailable };
}

/** Returns a number of pods that is given as a number or as a percentage of `of`. */
export function share(value: JsonValue, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(String(value));
  return percent === null ? 0 : round((Number(percent[1]) * of) / 100);
}
