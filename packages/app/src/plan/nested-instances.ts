import type { InstancePlan, ObjectPlan } from '@typekro/controller/inspect';
import { type ObjectRef, definedMembers, gvkOf, refOf } from '@typekro/kit/core';
import { ObjectKey } from '@typekro/engine/runtime';
import type { PlanContext } from './plan-context.ts';
import { type InstancesTask, prepare } from './plan-definition.ts';
import { instanceTask, planInstances, plannedStatus, prepareInstance, simulatePrepared } from './plan-instance.ts';
import type { PreparedInstance } from './plan-instance.ts';
import type { ObjectChange } from './plan-objects.ts';
import { basisKey } from './saved-plan.ts';
import type { WriteAnswer } from './simulation/simulate.ts';
import { revealedBy } from './snapshot-file.ts';
import type { CheckedWrite, WriteChecker } from './simulation/write-checker.ts';

/** The depth at which instances of instances are no longer planned. It ends definitions that create each other. */
const MAX_LEVELS = 8;

/** Plans the instances that the planned writes of other instances create, change or delete, over several levels. */
export class NestedInstances {
  readonly limits = new Set<string>();
  readonly #context: PlanContext;
  readonly #definitions: ReadonlyMap<string, InstancesTask>;
  readonly #plans = new Map<string, InstancePlan>();
  /** The keys of the instances whose plans are being made. A write of one of them starts no other plan. */
  readonly #open = new Set<string>();

  /** @param definitions the definitions of the files, by the `groupKind` of their instances */
  constructor(context: PlanContext, definitions: ReadonlyMap<string, InstancesTask>) {
    this.#context = context;
    this.#definitions = definitions;
  }

  /**
   * Returns the checker for the writes of instances. It answers the write of an instance with the status that the
   * instance gets by its own plan, so that the writes that depend on this status are planned with it.
   */
  checker(level = 1): Pick<WriteChecker, 'check'> {
    return { check: (writes) => this.#check(writes, level) };
  }

  /**
   * Adds the plans of nested instances to the plans of files. They replace the plans that were made without the writes
   * of the other instances. Nested instances wait for what their parents wait for.
   */
  async addTo(plans: readonly InstancePlan[]): Promise<InstancePlan[]> {
    const ofFiles = plans.filter(({ action }) => action !== 'none');
    const given = new Set(ofFiles.map(keyOf));
    await this.#planDeletions(plans, given);
    for (const key of given) this.#plans.delete(key);
    const all = [...plans.filter((plan) => !this.#plans.has(keyOf(plan))), ...this.#plans.values()];
    const parents = new Map(
      all.flatMap((plan) => plan.writes.map((write) => [basisKey(write.object), { plan, write }] as const)),
    );
    const placed = (plan: InstancePlan, level = 1): InstancePlan => {
      const parent = this.#plans.has(keyOf(plan)) ? parents.get(keyOf(plan)) : undefined;
      if (parent === undefined || level > MAX_LEVELS) return plan;
      return { ...plan, ...underParent(placed(parent.plan, level + 1), parent.write) };
    };
    return this.#addRecreated(
      all.map((plan) => placed(plan)),
      given,
    );
  }

  /** Adds the objects of the nested instances that are recreated. They are deleted and created again with them. */
  async #addRecreated(plans: readonly InstancePlan[], given: ReadonlySet<string>): Promise<InstancePlan[]> {
    const all = new Map(plans.map((plan) => [keyOf(plan), plan]));
    const seen = new Set(given);
    for (let parents = plans.filter(({ recreated }) => recreated !== undefined); parents.length > 0;) {
      const next: InstancePlan[] = [];
      for (const parent of parents) {
        const refs = (parent.recreated ?? []).filter((ref) => !seen.has(basisKey(ref)));
        for (const ref of refs) seen.add(basisKey(ref));
        for (const deletion of await this.#deletionsOf(refs)) {
          const planned = all.get(keyOf(deletion));
          const lost = new Set(planned?.writes.filter(({ action }) => isRemoval(action)).map(keyOfWrite));
          const recreated = deletion.writes.filter((write) => isRemoval(write.action) && !lost.has(keyOfWrite(write)));
          if (recreated.length === 0) continue;
          const { instance, rollout } = parent;
          const own = planned ?? { ...deletion, writes: [], ...definedMembers({ rollout }) };
          const state = own.state === 'unchanged' ? 'changed' : own.state;
          next.push({ ...own, state, parent: instance, recreated: recreated.map(({ object }) => object) });
        }
      }
      for (const plan of next) all.set(keyOf(plan), plan);
      parents = next;
    }
    return [...all.values()];
  }

  async #check(writes: readonly CheckedWrite[], level: number): Promise<readonly WriteAnswer[]> {
    const answers = [...(await this.#context.checker.check(writes))];
    const due: { readonly index: number; readonly key: string; readonly prepared: PreparedInstance }[] = [];
    for (const [index, { desired }] of writes.entries()) {
      const [answer, key] = [answers[index], basisKey(refOf(desired))];
      if (answer === undefined || answer.failure !== undefined || this.#open.has(key)) continue;
      const reveal = revealedBy(this.#context.salt, answer.object ?? desired);
      const live = reveal(this.#context.source.liveOf(refOf(desired)));
      const prepared = await this.#prepare({ desired, live, answer });
      if (prepared === undefined) continue;
      if (level <= MAX_LEVELS) due.push({ index, key, prepared });
      else this.limits.add(`instances that instances create were planned for ${MAX_LEVELS} levels only`);
    }
    for (const { key } of due) this.#open.add(key);
    const context = { ...this.#context, children: this.checker(level + 1) };
    const prepared = due.map((each) => each.prepared);
    const plans = await simulatePrepared(context, prepared, (at, instance, result) => {
      const { index } = due[at] as (typeof due)[number];
      answers[index] = { ...(answers[index] as WriteAnswer), object: { ...instance, status: plannedStatus(result) } };
    });
    for (const [at, { key }] of due.entries()) {
      this.#plans.set(key, withoutOwnChange(plans[at] as InstancePlan));
      this.#open.delete(key);
    }
    return answers;
  }

  /** Prepares the plan of a written object. Returns `undefined` for an object that is no instance. */
  async #prepare(change: ObjectChange): Promise<PreparedInstance | undefined> {
    const { desired, live = desired } = change;
    const task = this.#definitions.get(ObjectKey.groupKind(gvkOf(desired)));
    const own = task === undefined ? instanceTask(this.#context, change) : prepare(this.#context, task, live, change);
    return own !== undefined && 'file' in own ? prepareInstance(this.#context, own) : own;
  }

  /** Plans the instances that the plans delete, and the instances that these delete. */
  async #planDeletions(plans: readonly InstancePlan[], given: ReadonlySet<string>): Promise<void> {
    for (let parents = [...plans, ...this.#plans.values()]; parents.length > 0;) {
      const deleted = parents.flatMap(({ writes }) => writes).filter(({ action }) => isRemoval(action));
      const refs = deleted.map(({ object }) => object);
      parents = await this.#deletionsOf(
        refs.filter((ref) => !given.has(basisKey(ref)) && !this.#plans.has(basisKey(ref))),
      );
      for (const plan of parents) this.#plans.set(keyOf(plan), plan);
    }
  }

  /** Plans the deletion of the instances among the objects. */
  async #deletionsOf(refs: readonly ObjectRef[]): Promise<InstancePlan[]> {
    const context: PlanContext = { ...this.#context, operation: 'delete' };
    const tasks = refs.flatMap((ref) => {
      const live = this.#context.source.liveOf(ref);
      if (live === undefined) return [];
      return instanceTask(context, { desired: live, live, answer: { checked: 'none' } }) ?? [];
    });
    return (await planInstances(context, tasks)).map(withoutOwnChange);
  }
}

const keyOf = ({ instance }: InstancePlan): string => basisKey(instance);
const keyOfWrite = ({ object }: ObjectPlan): string => basisKey(object);
const isRemoval = (action: ObjectPlan['action']): boolean => action === 'prune' || action === 'delete';

/** Returns the parent of a nested instance, and what the parent's write of the nested instance waits for. */
function underParent(
  { instance, rollout, after: afterParent }: InstancePlan,
  { after = afterParent }: ObjectPlan,
): Pick<InstancePlan, 'parent' | 'after' | 'rollout'> {
  return { parent: instance, ...definedMembers({ after }), ...(rollout === 'later' ? { rollout } : {}) };
}

/** Removes the change of the instance object itself, because the plan of its parent has this change. */
function withoutOwnChange({ checked: _checked, ...plan }: InstancePlan): InstancePlan {
  return { ...plan, action: 'none', fields: [] };
}
