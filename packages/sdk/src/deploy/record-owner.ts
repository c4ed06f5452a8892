import { randomUUID } from 'node:crypto';
import { type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { type KubernetesApi, isConflict, isNotFound } from '@typekro/kube';
import type { DirectContext } from './direct-run.ts';
import { ResourceGraphFactoryError } from './errors.ts';
import { deployOf, parentName } from './parent.ts';
import type { WatchedObject } from './watch-set.ts';

/** The reference to the ConfigMap with the record of an instance. */
export function parentRef(definition: string, name: string, namespace: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: parentName(definition, name), namespace };
}

/**
 * Stops a running deploy of the instance by writing a new deploy id to the record. The running deploy checks the record
 * before its next write, finds the new id, and stops.
 */
export async function supersede(
  api: KubernetesApi,
  record: ObjectRef,
  signal: AbortSignal,
  deploy = randomUUID() as string,
): Promise<void> {
  await api.patch(record, { data: { deploy } }, { type: 'merge', signal });
}

/** The prefix of the ids that deletions write into the record instead of a deploy id. */
export const DELETION = 'deletion-';

/** The maximum number of attempts to delete a record that other clients change. */
const MAX_TRIES = 5;

/**
 * Checks that the record still belongs to this deploy. Two deploys of one instance would keep reverting each other's
 * writes. Therefore only the deploy that wrote the record last proceeds.
 */
export async function checkRecord(
  { api, graph, name, namespace, record, signal }: DirectContext,
  seen: WatchedObject = { exists: undefined },
): Promise<void> {
  const ref = parentRef(graph.name, name, namespace);
  const parent = seen.exists === undefined ? await api.find(ref, { signal }) : seen.object;
  if (parent !== undefined && deployOf(parent) === record.deploy) return;
  const did = parent === undefined ? 'process deleted' : 'deploy or deletion has taken over';
  throw superseded(`another ${did} ${graph.name} "${name}"`, ref);
}

function superseded(
  message: string,
  object: ObjectRef,
  next = 'deploy again if this spec is the one that you want',
): Error {
  return new ResourceGraphFactoryError(message, {
    code: 'deploy/superseded',
    object,
    remedy: `let one process at a time deploy or delete an instance; ${next}`,
  });
}

/** Deletes the record, unless a deploy writes it in the meantime. */
export async function deleteRecord(context: DirectContext): Promise<void> {
  const { api, signal } = context;
  for (let tries = 1; ; tries += 1) {
    const parent = await recordOfDeletion(context);
    if (parent === undefined) return;
    const { uid = '', resourceVersion = '' } = parent.metadata;
    try {
      await api.delete(refOf(parent), { preconditions: { uid, resourceVersion }, signal });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || tries === MAX_TRIES) throw error;
    }
  }
}

/**
 * The record of an instance that is being deleted; `undefined` when another deletion has finished. Throws when a deploy
 * has written the record after the deletion began, because the deletion must not delete the objects of that deploy.
 */
export async function recordOfDeletion({
  api,
  graph,
  name,
  namespace,
  signal,
}: DirectContext): Promise<KubeObject | undefined> {
  const ref = parentRef(graph.name, name, namespace);
  const parent = await api.find(ref, { signal });
  if (parent === undefined || deployOf(parent)?.startsWith(DELETION) === true) return parent;
  const next = 'delete again if the instance is not needed';
  throw superseded(`another deploy has taken over ${graph.name} "${name}"`, ref, next);
}
