import { objectName } from '@typekro/kit/core';
import type { InstancePlan, ObjectPlan } from './plan-report.ts';

/** The note about an object that could not be read. */
export const UNREAD = 'cannot be read with your rights, so it may be new or different';

/** The note that explains an action. Actions that need no explanation are absent. */
const ACTION_NOTES: Readonly<Partial<Record<ObjectPlan['action'], string>>> = {
  adopt: 'takes it over',
  restore: 'puts back what another client changed',
  replace: 'a field cannot change: delete + create',
  prune: 'no node wants it any more',
  orphan: 'stays in the cluster (deletionPolicy: Orphaned), and belongs to no instance',
  none: 'unchanged',
  labels: 'labels and annotations of the controller',
};

/** The actions whose writes are never checked. */
const UNCHECKED: ReadonlySet<ObjectPlan['action']> = new Set(['prune', 'delete', 'orphan', 'none', 'labels']);

/**
 * Notes about a write in addition to its fields: the reason, the nodes that must be ready before the write, the
 * finalizers, and missing checks.
 */
export function writeNotes({ action, after, finalizers, checked, unread, managedBy }: ObjectPlan): readonly string[] {
  const note = ACTION_NOTES[action];
  return [
    ...(unread === undefined ? [] : [UNREAD]),
    ...(note === undefined ? [] : [note]),
    ...(managedBy === undefined ? [] : [`${managedBy.join(' and ')} manages it, and may write it again`]),
    ...(after === undefined ? [] : [afterText(after)]),
    ...(finalizers === undefined ? [] : [`stays until its finalizers are removed: ${finalizers.join(', ')}`]),
    ...(checked === 'none' && !UNCHECKED.has(action) ? ['not checked'] : []),
  ];
}

const afterText = (after: readonly string[]): string =>
  `after ${after.join(', ')} ${after.length === 1 ? 'is' : 'are'} ready`;

/** Names the parent of a nested instance, and the nodes that its write waits for. */
export const parentText = ({ parent, after }: Pick<InstancePlan, 'parent' | 'after'>): string | undefined =>
  parent === undefined ? undefined : `by ${objectName(parent)}${after === undefined ? '' : `, ${afterText(after)}`}`;

/**
 * Explains why an object of `InstancePlan.recreated` is deleted and created again. For `rollout: later`, this happens
 * only if the canary ends before the instance is applied.
 */
export const recreatedText = ({ rollout }: Pick<InstancePlan, 'rollout'>): string =>
  rollout === 'later'
    ? 'is deleted and created again if the canary ends before the instance is applied, because the new revision leaves it out'
    : 'is deleted and created again, because the new revision leaves it out until the instance is applied as well';
