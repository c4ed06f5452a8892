import type { ObjectRef } from '@typekro/kit/core';
import { ObjectTarget } from '@typekro/engine/runtime';
import type { InstancePlan, Meanwhile } from '@typekro/controller/inspect';
import type { PlanContext } from './plan-context.ts';
import { type InstanceTask, planInstances } from './plan-instance.ts';
import { basisKey } from './saved-plan.ts';
import type { SimulationInput, SimulationResult } from './simulation/simulate.ts';
import { simulateAll } from './simulation/simulate-all.ts';
import type { WriteChecker } from './simulation/write-checker.ts';

/** A changed instance of a file, and the index of its plan. */
export interface ChangedInstance extends InstanceTask {
  readonly at: number;
}

/**
 * Handles changed instances that get the new revision only after the canary. Plans the writes that the controller makes
 * with the present revision until then, and adds them to the plans of these instances as `meanwhile`.
 */
export async function planMeanwhile(
  context: PlanContext,
  changed: readonly ChangedInstance[],
  plans: InstancePlan[],
): Promise<void> {
  const planned = await planInstances(
    { ...context, owners: new Map(), children: context.present ?? context.checker },
    changed,
  );
  for (const [index, { at }] of changed.entries()) {
    const [plan, now] = [plans[at], planned[index]];
    if (plan !== undefined && now !== undefined && plan.rollout === 'later') plans[at] = withMeanwhile(plan, now);
  }
}

/**
 * Adds the writes that nested instances get while their parents wait for the canary.
 *
 * @param present the plans of these nested instances, with the present revision of their parents
 */
export function addPresent(plans: readonly InstancePlan[], present: readonly InstancePlan[]): InstancePlan[] {
  const all = new Map(plans.map((plan) => [basisKey(plan.instance), plan]));
  for (const now of present) {
    if (now.parent === undefined) continue;
    const key = basisKey(now.instance);
    const known = all.get(key);
    const plan = withMeanwhile(known ?? { ...now, ...NO_WRITES }, now);
    if (known !== undefined || plan.meanwhile !== undefined) all.set(key, plan);
  }
  return [...all.values()];
}

const NO_WRITES = { writes: [], later: [], blocked: [] } satisfies Meanwhile;

function withMeanwhile(plan: InstancePlan, { writes, later, blocked }: InstancePlan): InstancePlan {
  const isAtRest = writes.every(({ action }) => action === 'labels') && later.length === 0 && blocked.length === 0;
  if (isAtRest) return plan;
  return { ...plan, ...(blocked.length === 0 ? {} : { state: 'blocked' }), meanwhile: { writes, later, blocked } };
}

/**
 * The input for simulating an instance with the new revision and the instance's old spec, and the index of the
 * instance's plan.
 */
export interface OldSpecTask {
  readonly at: number;
  readonly input: SimulationInput;
}

/** Does not check the writes on the server, because this simulation serves only to find the deleted objects. */
const UNCHECKED: Pick<WriteChecker, 'check'> = {
  check: (writes) => Promise.resolve(writes.map(() => ({ checked: 'none' }))),
};

/**
 * Adds the recreated objects to the plan of each instance that changes together with its definition. These are objects
 * that the new revision deletes while the instance still has its old spec, and creates again with the new spec.
 */
export async function planRecreated(
  { source }: PlanContext,
  tasks: readonly OldSpecTask[],
  plans: InstancePlan[],
): Promise<void> {
  const inputs = tasks.map(({ input }) => input);
  await simulateAll(inputs, source, UNCHECKED, (index, result) => {
    const at = tasks[index]?.at ?? -1;
    const plan = plans[at];
    if (plan === undefined) return;
    const recreated = deletedBy(result, plan);
    if (recreated.length > 0) plans[at] = { ...plan, recreated };
  });
}

/** Returns the objects that the simulation deletes and that the plan does not delete. */
function deletedBy({ writes }: SimulationResult, plan: InstancePlan): ObjectRef[] {
  const gone = new Set(
    plan.writes
      .filter(({ action }) => action === 'prune' || action === 'delete' || action === 'replace')
      .map(({ object }) => basisKey(object)),
  );
  return writes
    .flatMap(({ delete: deletion }) => (deletion === undefined ? [] : [ObjectTarget.refOf(deletion.target)]))
    .filter((ref) => !gone.has(basisKey(ref)));
}
