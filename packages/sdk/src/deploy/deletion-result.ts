import type { DeletionResult, DeployTarget } from '../compose/index.ts';
import type { JsonObject, ObjectRef } from '@typekro/kit/core';

/** The parts of a deletion's result that the mode determines. */
export type DeletionEffect = Pick<DeletionResult, 'status' | 'deleted' | 'retained' | 'remaining' | 'blockers'>;

/** The effect of the deletion of an instance that does not exist. */
export const NOTHING_TO_DELETE: DeletionEffect = {
  status: 'complete',
  deleted: [],
  retained: [],
  remaining: [],
  blockers: [],
};

/** The identity of an object in a result. */
export function identityOf({ apiVersion, kind, name, namespace }: ObjectRef): JsonObject {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Makes the result for the caller. */
export function deletionResult(
  { mode, name }: DeployTarget,
  instanceName: string,
  { started, finished }: { readonly started: number; readonly finished: number },
  effect: DeletionEffect,
): DeletionResult {
  return {
    ...effect,
    mode,
    factoryName: name,
    instanceName,
    startedAt: new Date(started).toISOString(),
    finishedAt: new Date(finished).toISOString(),
    durationMs: finished - started,
    retry: { safe: true, guidance: guidanceAfter(effect) },
  };
}

function guidanceAfter({ status, retained }: DeletionEffect): string {
  if (status !== 'complete') return 'delete again to continue with the remaining objects';
  return retained.length === 0
    ? 'nothing is left to delete'
    : 'the objects in "retained" stay in the cluster, by their deletionPolicy; delete them yourself when nothing uses them';
}
