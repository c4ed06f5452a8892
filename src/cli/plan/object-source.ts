import type { KubeObject } from '../../core/index.ts';
import type { ObservedStore } from '../../deploy/index.ts';
import { liveObjects, listKey, memberKey, objectReadKey, targetOfObject } from '../../deploy/index.ts';
import type { ApiFailure, ListTarget, MemberTarget, ObjectTarget, ReadRequest } from '../../runtime/index.ts';
import { keys } from '../../runtime/index.ts';
import type { KindTable } from './kind-table.ts';
import { tableKey } from './kind-table.ts';

/** Objects of an external collection, or why there are none. */
export type ListAnswer =
  | { readonly objects: readonly KubeObject[] }
  | { readonly failure: ApiFailure }
  | { readonly unserved: true };

/** Where a plan reads live objects: a cluster, or a snapshot of one. */
export interface ObjectSource {
  /** Reads what the requests need, for all of them together. */
  load(requests: readonly ReadRequest[]): Promise<void>;
  /** The table of a kind; `undefined` for a kind that was never asked for. */
  table(type: { readonly group: string; readonly kind: string }): KindTable | undefined;
  list(target: ListTarget): ListAnswer;
  /** What could not be read, and what follows from it. */
  readonly limits: ReadonlySet<string>;
}

/** The failure of what a source did not bring, which its callers never see. */
const NOT_READ: ApiFailure = { code: 0, reason: 'NotRead', message: 'it was not read' };

/** Puts the answer to a read into the view of one instance. What was loaded answers; the rest counts as failed. */
export function answerRead(source: ObjectSource, store: ObservedStore, request: ReadRequest): void {
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
          : ({ state: 'known', objects: liveObjects(found.objects) } as const);
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

/** Members as they were read, without those that the simulation deleted and with those that it created. */
function answerMembers(source: ObjectSource, store: ObservedStore, target: MemberTarget): void {
  const { applySet, group, kind, namespaces } = target;
  const table = source.table({ group, kind });
  if (table === undefined || !table.isServed) return store.setMembers(target, { state: 'unserved' });
  const failure = failureOf(table, namespaces);
  if (failure !== undefined) return fail(store, memberKey(target), failure);
  const isMember = ({ metadata }: KubeObject) => metadata.labels?.[keys.PART_OF_LABEL] === applySet;
  const members = new Map<string, KubeObject>();
  const read = table.members(applySet);
  const isAsked = ({ metadata: { namespace } }: KubeObject) =>
    !table.type.namespaced || (namespace !== undefined && namespaces.includes(namespace));
  for (const object of read.filter(isAsked)) {
    const known = store.object(targetOfObject(table.type, object));
    if (known.state === 'absent') continue;
    const now = known.state === 'present' ? known.live.object : object;
    if (isMember(now)) members.set(tableKey(now.metadata.namespace, now.metadata.name ?? ''), now);
  }
  for (const object of store.objectsOf(group, kind).filter(isMember).filter(isAsked)) {
    members.set(tableKey(object.metadata.namespace, object.metadata.name ?? ''), object);
  }
  store.setMembers(target, { state: 'known', objects: liveObjects([...members.values()]) });
}

/** Why the owned objects of some of the namespaces are not known. */
function failureOf(table: KindTable, namespaces: readonly string[]): ApiFailure | undefined {
  if (table.isWhole || table.owned.has('*')) return undefined;
  if (!table.type.namespaced) return table.failures.get('*');
  const missing = namespaces.find((namespace) => !table.owned.has(namespace));
  return missing === undefined ? undefined : (table.failures.get(missing) ?? table.failures.get('*') ?? NOT_READ);
}

/** A failed read counts for the whole plan. */
function fail(store: ObservedStore, key: string, failure: ApiFailure): void {
  store.failedReads.set(key, { failure, retryAt: Infinity, failures: 1 });
}
