import type { KubeObject } from '../core/index.ts';
import type { ApplyAction } from './model.ts';

/**
 * The outcome of a write for an object: the words of plans, deploy events, Kubernetes events, the inspect stream, the
 * log and metrics.
 *
 * - `created`: the object did not exist.
 * - `configured`: the object existed, and the write changed it, as after drift.
 * - `adopted`: the object existed and did not belong to the instance; it belongs to the instance now.
 * - `replaced`: the object was deleted and created again, because one of its fields cannot change.
 * - `deleted`: the API server accepted the deletion of the object.
 * - `unchanged`: the object is as wanted.
 * - `skipped`: the node of the object is left out, so nothing was written.
 */
export type ObjectOutcome = 'created' | 'configured' | 'adopted' | 'replaced' | 'deleted' | 'unchanged' | 'skipped';

/**
 * The outcome of an apply of an object that belongs to no instance, as the API server accepted it.
 *
 * @param before The live object before the apply; `undefined` when there was none.
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
 * The outcome of an apply of a node's object that the API server accepted.
 *
 * @param before The live object before the apply, if known. When the apply leaves its `resourceVersion` as it is,
 * nothing has changed.
 */
export function outcomeOfApply(
  { why }: Pick<ApplyAction, 'why'>,
  before?: KubeObject,
  after?: KubeObject,
): Exclude<ObjectOutcome, 'replaced' | 'deleted' | 'skipped'> {
  if (why === 'create') return 'created';
  if (keepsVersion(before, after)) return 'unchanged';
  return why === 'adopt' ? 'adopted' : 'configured';
}

/** Did the write leave the object as it was? Without both objects the answer is no. */
function keepsVersion(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  const version = before?.metadata.resourceVersion;
  return version !== undefined && version === after?.metadata.resourceVersion;
}
