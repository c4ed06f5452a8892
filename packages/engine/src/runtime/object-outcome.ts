import { type KubeObject, refOf } from '@typekro/kit/core';
import type { ApplyAction } from './model.ts';
import type { ObjectReport, Terminating } from './report.ts';

/**
 * What happened to an object. The plans of factories, deploy events, Kubernetes events, the inspect stream, the log and
 * metrics use these words. `typekro plan` and `typekro diff` use different words.
 *
 * - `created`: the object did not exist.
 * - `configured`: the object existed, and the write changed it. The correction of drift is an example.
 * - `adopted`: the object existed and did not belong to the instance; it belongs to the instance now.
 * - `replaced`: the object was deleted and created again, because one of its fields cannot change.
 * - `deleted`: the API server accepted the deletion of the object.
 * - `orphaned`: the object was retired and stays; it belongs to no instance any more.
 * - `unchanged`: the object is as wanted.
 * - `skipped`: the object's node is excluded, so nothing was written.
 */
export type ObjectOutcome =
  | 'created'
  | 'configured'
  | 'adopted'
  | 'replaced'
  | 'deleted'
  | 'orphaned'
  | 'unchanged'
  | 'skipped';

/**
 * The outcome of an accepted apply of an object that belongs to no instance.
 *
 * @param before The live object before the apply; `undefined` if there was none.
 * @param isReplacement Did the caller delete an object of this name in order to create this one?
 */
export function outcomeOfWrite(
  before: KubeObject | undefined,
  after: KubeObject,
  isReplacement = false,
): 'created' | 'configured' | 'replaced' | 'unchanged' {
  if (before === undefined) return isReplacement ? 'replaced' : 'created';
  return keepsVersion(before, after) ? 'unchanged' : 'configured';
}

/**
 * The outcome of an accepted apply of a node's object.
 *
 * @param before The live object before the apply, if known. The outcome is `unchanged` if the apply does not change the
 *   `resourceVersion`.
 */
export function outcomeOfApply(
  { why }: Pick<ApplyAction, 'why'>,
  before?: KubeObject,
  after?: KubeObject,
): Exclude<ObjectOutcome, 'replaced' | 'deleted' | 'orphaned' | 'skipped'> {
  if (why === 'create') return 'created';
  if (keepsVersion(before, after)) return 'unchanged';
  return why === 'adopt' ? 'adopted' : 'configured';
}

/** Did the write leave the object unchanged? False if either object is unknown. */
function keepsVersion(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  const version = before?.metadata.resourceVersion;
  return version !== undefined && version === after?.metadata.resourceVersion;
}

/** The outcome of a write for one object. */
export const Outcome = { ofApply: outcomeOfApply, ofWrite: outcomeOfWrite };

/** The report of a live object. */
export function reportOfLive(object: KubeObject): ObjectReport {
  const { uid, deletionTimestamp, finalizers = [] } = object.metadata;
  return {
    object: refOf(object),
    state: deletionTimestamp === undefined ? 'present' : 'deleting',
    ...(uid === undefined ? {} : { uid }),
    ...(deletionTimestamp === undefined ? {} : { deletingSince: deletionTimestamp, finalizers }),
  };
}

/** A list with the object if finalizers delay its deletion; otherwise an empty list. */
export function terminatingOf(object: KubeObject): Terminating[] {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length === 0) return [];
  return [{ object: refOf(object), finalizers, since: deletionTimestamp }];
}
