import type { InstancePlan, ObjectPlan } from './plan.ts';

/** The note about an object that could not be read. */
export const UNREAD = 'cannot be read with your rights, so it may be new or different';

/** The actions of a write that say what happens to an object, in words. */
const ACTION_NOTES: Readonly<Partial<Record<ObjectPlan['action'], string>>> = {
  adopt: 'takes it over',
  restore: 'puts back what another client changed',
  replace: 'a field cannot change: delete + create',
  prune: 'no node wants it any more',
  orphan: 'stays in the cluster (deletionPolicy: Orphaned), and belongs to no instance',
  none: 'unchanged',
  labels: 'labels and annotations of the controller',
};

/** The actions of writes that are never checked. */
const UNCHECKED: ReadonlySet<ObjectPlan['action']> = new Set(['prune', 'delete', 'orphan', 'none', 'labels']);

/** What a reader has to know about a write beside its fields: the reason, the order, and what keeps or delays it. */
export function writeNotes({ action, after, finalizers, checked, unread }: ObjectPlan): readonly string[] {
  const note = ACTION_NOTES[action];
  return [
    ...(unread === undefined ? [] : [UNREAD]),
    ...(note === undefined ? [] : [note]),
    ...(after === undefined ? [] : [`after ${after.join(', ')} ${after.length === 1 ? 'is' : 'are'} ready`]),
    ...(finalizers === undefined ? [] : [`stays until its finalizers are removed: ${finalizers.join(', ')}`]),
    ...(checked === 'none' && !UNCHECKED.has(action) ? ['not checked'] : []),
  ];
}

/**
 * Why an object of `InstancePlan.recreated` is deleted and created again. For `rollout: later`, the object is deleted
 * only if the canary ends before the instance is applied.
 */
export const recreatedText = ({ rollout }: Pick<InstancePlan, 'rollout'>): string =>
  rollout === 'later'
    ? 'is deleted and created again when the canary ends before the instance is applied, because the new revision leaves it out'
    : 'is deleted and created again, because the new revision leaves it out until the instance is applied as well';
