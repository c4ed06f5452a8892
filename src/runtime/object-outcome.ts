import type { KubeObject } from '../core/index.ts';
import type { ApplyAction } from './model.ts';

/**
 * What happened to an object, or would happen to it: the words of plans, deploy events, Kubernetes events, the inspect
 * stream, the log and metrics.
 *
 * - `created`: it did not exist.
 * - `configured`: it existed, and the write changed it, as after drift.
 * - `adopted`: it existed and did not belong to the instance; it belongs to it now.
 * - `replaced`: it was deleted and created again, because one of its fields cannot change.
 * - `deleted`: the API server accepted its deletion.
 * - `unchanged`: it is as wanted.
 * - `skipped`: its node is left out, so nothing was written.
 */
export type ObjectOutcome = 'created' | 'configured' | 'adopted' | 'replaced' | 'deleted' | 'unchanged' | 'skipped';

/**
 * The outcome of an apply of an object that belongs to no instance, as the API server accepted it.
 *
 * @param before The live object before; `undefined` when there was none.
 * @param isReplacement The caller deleted an object of this name, so as to create this one.
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
 * @param before The live object before, where known: an apply that keeps its version changed nothing.
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
