import type { KubeObject } from '@typekro/kit/core';
import type { ObservedStore } from '@typekro/sdk/deploy';
import { observedObjects, listKey, memberKey, objectReadKey, targetOfObject } from '@typekro/sdk/deploy';
import { type Decisions, type ObjectTarget, type Reports, type Targets, keys } from '@typekro/engine/runtime';
import { type KindTable, tableKey } from './kind-table.ts';

/** The objects of an external collection, or the reason why they are not known. */
export type ListAnswer =
  | { readonly objects: readonly KubeObject[] }
  | { readonly failure: Reports.ApiFailure }
  | { readonly unserved: true };

/** The source of a plan's live objects: a cluster, or a snapshot of one. */
export interface ObjectSource {
  /** Reads the objects of all requests, with as few requests to the server as possible. */
  load(requests: readonly Decisions.ReadRequest[]): Promise<void>;
  /** Returns the table of a kind, or `undefined` for a kind that was never loaded. */
  table(type: { readonly group: string; readonly kind: string }): KindTable | undefined;
  list(target: Targets.ListTarget): ListAnswer;
  /** Sentences about objects that could not be read, with the consequences for the plan. */
  readonly limits: ReadonlySet<string>;
}

/** The failure of an object that the source did not load. It occurs only if the caller did not call `load` before. */
const NOT_READ: Reports.ApiFailure = { code: 0, reason: 'NotRead', message: 'it was not read' };

/**
 * Handles a read request of one instance with the loaded objects, and stores the result in `store`. The read of an
 * object that was not loaded fails.
 */
export function answerRead(source: ObjectSource, store: ObservedStore, request: Decisions.ReadRequest): void {
  switch (request.kind) {
    case 'object':
    case 'whole-object':
      return answerObject(source, store, request.target);
    case 'list': {
      const found = source.list(request.target);
      if ('failure' in found) return fail(store, listKey(request.target), found.failure);
      const observation =
        'unserved' in found
          ? ({ state: 'unserved' } as const)
          : ({ state: 'known', objects: observedObjects(found.objects) } as const);
      return store.setList(request.target, observation);
    }
    case 'members':
      return answerMembers(source, store, request.target);
  }
}

function answerObject(source: ObjectSource, store: ObservedStore, target: ObjectTarget): void {
  const known = source.table(target.type)?.look(tableKey(target.namespace, target.name));
  if (known?.state === 'present') store.setObject(target, known.object);
  else if (known?.state === 'absent') store.setObject(target, undefined);
  else fail(store, objectReadKey(target), known?.state === 'failed' ? known.failure : NOT_READ);
}

/**
 * Stores the loaded members with the changes of the plan's simulation: without the members that it deleted, and with
 * the members that it created.
 */
function answerMembers(source: ObjectSource, store: ObservedStore, target: Targets.MemberTarget): void {
  const { applySet, group, kind, namespaces } = target;
  const table = source.table({ group, kind });
  if (table === undefined || !table.isServed) return store.setMembers(target, { state: 'unserved' });
  const failure = failureOf(table, namespaces);
  if (failure !== undefined) return fail(store, memberKey(target), failure);
  const isMember = ({ metadata }: KubeObject) => metadata.labels?.[keys.PART_OF_LABEL] === applySet;
  const members = new Map<string, KubeObject>();
  const read = table.members(applySet);
  const isInNamespaces = ({ metadata: { namespace } }: KubeObject) =>
    !table.type.namespaced || (namespace !== undefined && namespaces.includes(namespace));
  for (const object of read.filter(isInNamespaces)) {
    const known = store.object(targetOfObject(table.type, object));
    if (known.state === 'absent') continue;
    const latest = known.state === 'present' ? known.live.object : object;
    if (isMember(latest)) members.set(tableKey(latest.metadata.namespace, latest.metadata.name ?? ''), latest);
  }
  for (const object of store.objectsOf(group, kind).filter(isMember).filter(isInNamespaces)) {
    members.set(tableKey(object.metadata.namespace, object.metadata.name ?? ''), object);
  }
  store.setMembers(target, { state: 'known', objects: observedObjects([...members.values()]) });
}

/**
 * Returns the failure of the list request for the owned objects of these namespaces, or `undefined` when the objects
 * are known.
 */
function failureOf(table: KindTable, namespaces: readonly string[]): Reports.ApiFailure | undefined {
  if (table.isWhole || table.owned.has('*')) return undefined;
  if (!table.type.namespaced) return table.failures.get('*');
  const missing = namespaces.find((namespace) => !table.owned.has(namespace));
  return missing === undefined ? undefined : (table.failures.get(missing) ?? table.failures.get('*') ?? NOT_READ);
}

/** Stores a failed read as final, because a plan does not retry reads. */
function fail(store: ObservedStore, key: string, failure: Reports.ApiFailure): void {
  store.failedReads.set(key, { failure, retryAt: Infinity, failures: 1 });
}
