import type { InstancePlan, ObjectPlan } from '../../inspect/index.ts';

/** All writes of an instance. The writes of its present revision come first. An object can have two writes. */
export function allWrites({ meanwhile, writes }: Pick<InstancePlan, 'meanwhile' | 'writes'>): readonly ObjectPlan[] {
  return meanwhile === undefined ? writes : [...meanwhile.writes, ...writes];
}

/** The writes that the controller makes at once. The writes of `rollout: later` wait for the canary. */
export function writesAtOnce({
  rollout,
  meanwhile,
  writes,
}: Pick<InstancePlan, 'meanwhile' | 'rollout' | 'writes'>): readonly ObjectPlan[] {
  return rollout === 'later' ? (meanwhile?.writes ?? []) : writes;
}
