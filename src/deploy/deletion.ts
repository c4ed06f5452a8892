import type { DeletionResult, DeployTarget } from '../compose/index.ts';
import type { JsonObject, ObjectRef } from '../core/index.ts';

/** What a deletion found and did; the rest of the result is the same for both modes. */
export type DeletionOutcome = Pick<DeletionResult, 'status' | 'deleted' | 'remaining' | 'blockers'>;

/** There is no such instance. */
export const NOTHING_TO_DELETE: DeletionOutcome = { status: 'complete', deleted: [], remaining: [], blockers: [] };

/** An object as a result names it. */
export function identity({ apiVersion, kind, name, namespace }: ObjectRef): JsonObject {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** The result as the caller gets it. */
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
        outcome.status === 'complete' ? 'nothing is left to delete' : 'call it again: it goes on from what is left',
    },
  };
}
