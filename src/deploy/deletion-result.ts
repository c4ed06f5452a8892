import type { DeletionResult, DeployTarget } from '../compose/index.ts';
import type { JsonObject, ObjectRef } from '../core/index.ts';

/** The parts of a deletion's result that the mode determines. */
export type DeletionOutcome = Pick<DeletionResult, 'status' | 'deleted' | 'remaining' | 'blockers'>;

/** The outcome of the deletion of an instance that does not exist. */
export const NOTHING_TO_DELETE: DeletionOutcome = { status: 'complete', deleted: [], remaining: [], blockers: [] };

/** The identity of an object in a result. */
export function identity({ apiVersion, kind, name, namespace }: ObjectRef): JsonObject {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Makes the result for the caller. */
export function deletionResult(
  { mode, name }: DeployTarget,
  instanceName: string,
  { started, finished }: { readonly started: number; readonly finished: number },
  outcome: DeletionOutcome,
): DeletionResult {
  return {
    ...outcome,
    mode,
    factoryName: name,
    instanceName,
    startedAt: new Date(started).toISOString(),
    finishedAt: new Date(finished).toISOString(),
    durationMs: finished - started,
    retained: [],
    retry: {
      safe: true,
      guidance:
        outcome.status === 'complete'
          ? 'nothing is left to delete'
          : 'call it again to continue with the remaining objects',
    },
  };
}
