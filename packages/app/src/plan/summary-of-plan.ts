import type { Checked, ObjectPlan, Plan, PlanAction, PlanSummary } from '@typekro/controller/inspect';
import { basisKey } from './saved-plan.ts';

/**
 * Counts the writes and instances of a plan. The counts in `checked` leave out the actions of `WITHOUT_CHECK`, such as
 * deletions, because no dry run is made for them.
 */
export function summaryOf({
  definitions,
  objects,
  instances,
}: Pick<Plan, 'definitions' | 'objects' | 'instances'>): PlanSummary {
  const counts: Record<PlanAction | 'none', number> = {
    create: 0,
    change: 0,
    adopt: 0,
    restore: 0,
    replace: 0,
    prune: 0,
    delete: 0,
    orphan: 0,
    labels: 0,
    none: 0,
  };
  const checked: Record<Checked, number> = { server: 0, rules: 0, none: 0 };
  const states = { changed: 0, unchanged: 0, deferred: 0, blocked: 0 };
  let [refused, later, secrets] = [0, 0, 0];
  const count = (action: PlanAction | 'none', by: Checked = 'none'): void => {
    if (!WITHOUT_CHECK.has(action)) checked[by] += 1;
  };
  const add = ({ action, fields, refusal, checked: by }: ObjectPlan): void => {
    secrets += fields.filter(({ secret }) => secret === true).length;
    if (refusal !== undefined) refused += 1;
    else counts[action] += 1;
    count(action, by);
  };
  objects.forEach(add);
  for (const { action, refusal, checked: by } of definitions) {
    if (refusal !== undefined) continue;
    counts[action] += 1;
    count(action, by);
  }
  for (const instance of instances) {
    states[instance.state] += 1;
    later += instance.later.length;
    secrets += instance.fields.filter(({ secret }) => secret === true).length;
    if (instance.state !== 'blocked' || instance.because === undefined) {
      counts[instance.action] += 1;
      count(instance.action, instance.checked);
    }
    instance.writes.forEach(add);
    // The creation follows the deletion, so a dry run cannot check it.
    counts.replace += instance.recreated?.length ?? 0;
    checked.none += instance.recreated?.length ?? 0;
    // An object that both revisions write counts once, but a refused write always counts.
    const names = new Set(instance.writes.map(({ object }) => basisKey(object)));
    for (const write of instance.meanwhile?.writes ?? []) {
      if (write.refusal !== undefined || !names.has(basisKey(write.object))) add(write);
    }
  }
  const { create, change, adopt, restore, replace, prune, delete: deleted, orphan, labels } = counts;
  return {
    create,
    change: change + adopt + restore,
    replace,
    prune,
    delete: deleted,
    orphan,
    labels,
    refused,
    later,
    secrets,
    instances: states,
    checked,
  };
}

/** The actions that the counts of `checked` leave out. */
const WITHOUT_CHECK: ReadonlySet<PlanAction | 'none'> = new Set(['none', 'labels', 'prune', 'delete', 'orphan']);

/** Does a plan change anything? Writes that change only labels and annotations of controllers do not count. */
export function hasChanges({ summary }: Pick<Plan, 'summary'>): boolean {
  const { create, change, replace, prune, delete: deleted, orphan } = summary;
  return create + change + replace + prune + deleted + orphan > 0;
}

/** Is a write or a definition refused, or an instance blocked? */
export function hasBlocked({ summary, definitions }: Pick<Plan, 'summary' | 'definitions'>): boolean {
  return summary.refused + summary.instances.blocked > 0 || definitions.some(({ refusal }) => refusal !== undefined);
}
