import type { KubeObject } from '../core/index.ts';
import { formatApiVersion } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';
import { passes } from '../kubernetes/index.ts';
import { KubeError } from '../kube/index.ts';
import type { ApiFailure, ApplyAction, DeleteAction, MemberTarget, ReadRequest } from '../runtime/index.ts';
import { digestText, failureClass, keys, missingRight, refOfTarget } from '../runtime/index.ts';
import { liveObjects, targetOf } from './observed-store.ts';
import type { ObservedStore } from './observed-store.ts';

/** How long a write that failed for a passing reason is left alone, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** What an effect needs. */
export interface EffectContext {
  readonly api: KubernetesApi;
  readonly store: ObservedStore;
  readonly signal: AbortSignal;
  /** The server checks every write and stores none. */
  readonly dryRun: boolean;
  readonly now: () => number;
  /** Told of each object that was applied: as it was known before, and as the server answered. */
  readonly onApplied?: (action: ApplyAction, before: KubeObject | undefined, after: KubeObject) => void;
}

/** The failure as the runtime takes it. */
export function failureOf(error: KubeError): ApiFailure {
  const permission = missingRight(error.status, error.message);
  const { status: code, reason, message } = error;
  return { code, reason, message, ...(permission === undefined ? {} : { permission }) };
}

/** Does the failure pass by itself? */
export function isPassing(failure: ApiFailure): boolean {
  return passes(failureClass(failure));
}

/** Fetches what a decision asks for and records it. */
export async function read(context: EffectContext, request: ReadRequest): Promise<void> {
  const { api, store, signal } = context;
  switch (request.kind) {
    case 'object':
    case 'whole-object':
      try {
        store.setObject(request.target, await api.find(refOfTarget(request.target), { signal }));
      } catch (error) {
        if (!(error instanceof KubeError) || signal.aborted) throw error;
        store.setObjectFailed(request.target, failureOf(error));
      }
      return;
    case 'list': {
      const { type, namespace, selector } = request.target;
      const listed = await listObjects(context, type, {
        ...(namespace === undefined ? {} : { namespace }),
        ...(selector === '' ? {} : { labelSelector: selector }),
      });
      store.setList(request.target, listed);
      return;
    }
    case 'members':
      store.setMembers(request.target, await listMembers(context, request.target));
  }
}

async function listObjects(
  context: EffectContext,
  type: { readonly group: string; readonly version: string; readonly kind: string },
  selection: { readonly namespace?: string; readonly labelSelector?: string },
) {
  try {
    const list = await context.api.list(
      { apiVersion: formatApiVersion(type), kind: type.kind },
      { ...selection, signal: context.signal },
    );
    return { state: 'known', objects: liveObjects(list.items) } as const;
  } catch (error) {
    if (!(error instanceof KubeError) || context.signal.aborted) throw error;
    if (error.status === 404) return { state: 'unserved' } as const;
    return { state: 'failed', failure: failureOf(error) } as const;
  }
}

/** Members of an ApplySet of one kind; the version to ask with comes from discovery. */
async function listMembers(context: EffectContext, target: MemberTarget) {
  const resources = await context.api.discovery.all({ signal: context.signal });
  const resource = resources.find((entry) => entry.group === target.group && entry.kind === target.kind);
  if (resource === undefined) return { state: 'unserved' } as const;
  const labelSelector = `${keys.PART_OF_LABEL}=${target.applySet}`;
  const scopes = resource.namespaced ? target.namespaces.map((namespace) => ({ namespace })) : [{}];
  const lists = await Promise.all(scopes.map((scope) => listObjects(context, resource, { ...scope, labelSelector })));
  const failed = lists.find((list) => list.state !== 'known');
  if (failed !== undefined) return failed;
  return { state: 'known', objects: lists.flatMap((list) => (list.state === 'known' ? list.objects : [])) } as const;
}

/** Applies one child and records the answer, be it the live object or the failure. */
export async function apply(context: EffectContext, action: ApplyAction): Promise<void> {
  const { api, store, signal, dryRun } = context;
  try {
    const known = store.object(action.target);
    const live = await api.apply(action.desired, { fieldManager: keys.CHILD_MANAGER, force: true, dryRun, signal });
    store.setApplied(action.target, live, action.fingerprint, dryRun);
    context.onApplied?.(action, known.state === 'present' ? known.live.object : undefined, live);
  } catch (error) {
    if (!(error instanceof KubeError) || signal.aborted) throw error;
    const failure = failureOf(error);
    const retryAt = isPassing(failure) ? context.now() + RETRY_AFTER_MS : Number.POSITIVE_INFINITY;
    store.setFailedWrite(action.target, { digest: digestText(action.fingerprint), failure, retryAt });
  }
}

/** Deletes one child if it is still the one that we know. One that is gone already is what we wanted. */
export async function remove(context: EffectContext, action: DeleteAction): Promise<void> {
  const { api, store, signal, dryRun } = context;
  try {
    const left = await api.delete(refOfTarget(action.target), {
      preconditions: { uid: action.uid },
      propagationPolicy: 'Background',
      dryRun,
      signal,
    });
    if (left?.metadata.deletionTimestamp !== undefined) {
      store.setObject(targetOf(action.target.type, left), left);
    }
    store.setFailedWrite(action.target, undefined);
  } catch (error) {
    if (!(error instanceof KubeError) || signal.aborted) throw error;
    if (error.status === 404) return;
    store.setFailedWrite(action.target, {
      digest: '',
      failure: failureOf(error),
      retryAt: context.now() + RETRY_AFTER_MS,
    });
  }
}
