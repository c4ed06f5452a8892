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
 * The outcome of an apply that the API server accepted.
 *
 * @param before The live object before, where known: an apply that keeps its version changed nothing.
 */
export function outcomeOfApply(
  { why }: Pick<ApplyAction, 'why'>,
  before?: KubeObject,
  after?: KubeObject,
): Exclude<ObjectOutcome, 'replaced' | 'deleted' | 'skipped'> {
  if (why === 'create') return 'created';
  const version = before?.metadata.resourceVersion;
  if (version !== undefined && version === after?.metadata.resourceVersion) return 'unchanged';
  return why === 'adopt' ? 'adopted' : 'configured';
}
