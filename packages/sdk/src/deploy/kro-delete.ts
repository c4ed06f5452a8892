import { type KubeObject, type ObjectRef, refOf, definedMembers } from '@typekro/kit/core';
import { objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { isConflict, isNotFound, isTimeout } from '@typekro/kube';
import { type DeletionEffect, identityOf } from './deletion-result.ts';
import { ignoreNotFound } from './errors.ts';
import { appliedAt, MANAGER } from './deploy-kro.ts';
import { type KroContext, definitionRef } from './kro-context.ts';
import { waitForDeletion } from './kro-wait.ts';

/** The time limit, in milliseconds, for the last read of an object whose deletion has exceeded its own time limit. */
const FINAL_READ_MS = 5000;
/** The time limit, in milliseconds, for the restoration of a definition that another client needs. */
const RESTORE_MS = 30_000;
/**
 * The maximum number of attempts to delete a definition that other clients change. After the last failed attempt, the
 * definition is not deleted.
 */
const MAX_TRIES = 5;

/**
 * Deletes an instance, or a Graph. Also deletes the definition that this client applied, when its kind has no other
 * instance. When the instance does not exist, for example after a failed deploy, the definition is deleted only if it
 * is not ready.
 */
export async function deleteKro(context: KroContext, ref: ObjectRef): Promise<DeletionEffect> {
  const { api, signal } = context;
  const { wasThere, leaving } = await api.delete(ref, { propagationPolicy: 'Background', signal }).then(
    (object) => ({ wasThere: true, leaving: object }),
    (error: unknown) => {
      if (isNotFound(error)) return { wasThere: false, leaving: undefined };
      throw error;
    },
  );
  try {
    if (leaving !== undefined) await waitForDeletion(context, leaving);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!isTimeout(signal)) throw signal.reason;
    const left = await api.find(ref, { signal: AbortSignal.timeout(FINAL_READ_MS) });
    const messages = objectsAt(left?.status, 'conditions').map((condition) => textAt(condition, 'message'));
    const blocker = {
      code: 'deploy/still-deleting',
      message: messages.filter(Boolean).join('; '),
      retryable: true,
      retryGuidance: 'is a kro controller running? it deletes the children first, and then the instance',
    };
    return { status: 'progressing', deleted: [], retained: [], remaining: [identityOf(ref)], blockers: [blocker] };
  }
  const isGraph = context.target.form === 'graph';
  const definition = isGraph ? undefined : await deleteUnusedDefinition(context, ref, wasThere);
  const deleted = [...(wasThere ? [ref] : []), ...(definition === undefined ? [] : [definition])];
  return { status: 'complete', deleted: deleted.map(identityOf), retained: [], remaining: [], blockers: [] };
}

/**
 * Deletes the definition that this client applied, when its kind has no instances or is not served. A served definition
 * is deleted only if this call deleted its last instance. Otherwise another client may be about to create the first
 * instance. When another client creates an instance between the list and the deletion, the definition is applied again.
 */
async function deleteUnusedDefinition(
  context: KroContext,
  type: ObjectRef,
  wasThere: boolean,
): Promise<ObjectRef | undefined> {
  const { api, signal } = context;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const definition = await unusedDefinition(context, type, wasThere);
    if (definition === undefined) return undefined;
    const ref = refOf(definition);
    const { uid = '', resourceVersion = '' } = definition.metadata;
    try {
      // The precondition on the resourceVersion prevents the deletion of a definition that a concurrent deploy has just
      // written.
      const leaving = await api.delete(ref, { preconditions: { uid, resourceVersion }, signal }).catch(ignoreNotFound);
      const isNeeded = await restoredIfUsed(context, type, definition, leaving);
      return isNeeded ? undefined : ref;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  return undefined;
}

/**
 * Applies a deleted definition again when its kind has an instance. An abort by the caller and its time limit do not
 * end this step: without its definition, the instance of another client would never be reconciled again.
 *
 * @param leaving the definition while the API server deletes it; `undefined` when the definition did not exist.
 * @returns true if the kind has an instance.
 */
async function restoredIfUsed(
  context: KroContext,
  type: ObjectRef,
  definition: KubeObject,
  leaving: KubeObject | undefined,
): Promise<boolean> {
  const { api } = context;
  const signal = AbortSignal.timeout(RESTORE_MS);
  const untilRestored = { ...context, signal };
  if (!(await hasInstances(untilRestored, type))) return false;
  if (leaving !== undefined) await waitForDeletion(untilRestored, leaving);
  const isBack = (await api.find(refOf(definition), { signal })) !== undefined;
  if (!isBack) await api.apply(asApplied(definition), { fieldManager: MANAGER, force: true, signal });
  return true;
}

async function unusedDefinition(
  context: KroContext,
  type: ObjectRef,
  wasThere: boolean,
): Promise<KubeObject | undefined> {
  const { api, signal, target } = context;
  const definition = await api.find(definitionRef(target), { signal }).catch(ignoreNotFound);
  if (definition === undefined || appliedAt(definition) === undefined) return undefined;
  if (await hasInstances(context, type)) return undefined;
  const isSound = statusCondition(definition, 'Ready')?.status === 'True';
  return isSound && !wasThere ? undefined : definition;
}

async function hasInstances({ api, signal }: KroContext, { apiVersion, kind }: ObjectRef): Promise<boolean> {
  const instances = await api.list({ apiVersion, kind }, { limit: 1, signal }).catch(ignoreNotFound);
  return instances !== undefined && instances.items.length > 0;
}

/** The object without the fields that the API server or a controller writes. */
function asApplied({ apiVersion, kind, metadata: { name, labels, annotations }, spec }: KubeObject): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { ...definedMembers({ name, labels, annotations }) },
    ...(spec === undefined ? {} : { spec }),
  };
}
