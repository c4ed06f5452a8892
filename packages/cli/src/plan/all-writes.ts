import type { InstancePlan, ObjectPlan } from '@typekro/controller/inspect';

/**
 * Returns all writes of an instance: first those with its present revision, then those with the new revision. The same
 * object can appear twice.
 */
export function allWrites({ meanwhile, writes }: Pick<InstancePlan, 'meanwhile' | 'writes'>): readonly ObjectPlan[] {
  return meanwhile === undefined ? writes : [...meanwhile.writes, ...writes];
}

/**
 * Returns the writes that the controller makes immediately. With `rollout: later`, the writes of the new revision wait
 * for the canary.
 */
export function writesAtOnce({
  rollout,
  meanwhile,
  writes,
}: Pick<InstancePlan, 'meanwhile' | 'rollout' | 'writes'>): readonly ObjectPlan[] {
  return rollout === 'later' ? (meanwhile?.writes ?? []) : writes;
}
