import { definedMembers, type KubeObject, typeMetaOf } from '@typekro/kit/core';
import {
  type ExecutionView,
  type RememberedWrite,
  attemptRead,
  type ExecutionPorts,
} from '@typekro/controller/execute';
import { type Clock, type KubernetesApi, isNotFound } from '@typekro/kube';
import type { ApplyAction, Decisions, Observations, Targets } from '@typekro/engine/runtime';
import { keys, ObjectTarget } from '@typekro/engine/runtime';
import {
  isNewer,
  listKey,
  observedObjects,
  memberKey,
  objectReadKey,
  ObservedStore,
  targetOfObject,
} from './observed-store.ts';
import type { WatchSet } from './watch-set.ts';

/** The options of `DirectAnswers`. */
export interface DirectAnswersOptions extends Pick<ExecutionPorts, 'user' | 'clock' | 'random' | 'signal'> {
  readonly api: KubernetesApi;
  readonly store: ObservedStore;
  /** Open watches. They answer most reads without a request. `undefined` when the deploy opens no watches. */
  readonly watches: WatchSet | undefined;
  readonly dryRun: boolean;
}

/**
 * The executor's view in direct mode. It stores the server's responses in the store of the deploy. It answers a read
 * from a watch, or sends a request when no watch covers the read.
 */
export class DirectAnswers implements ExecutionView {
  readonly #options: DirectAnswersOptions;

  constructor(options: DirectAnswersOptions) {
    this.#options = options;
  }

  failedWrite(target: ObjectTarget, writer?: string): RememberedWrite | undefined {
    return this.#options.store.failedWrite(target, writer);
  }

  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined, writer?: string): void {
    this.#options.store.setFailedWrite(target, failed, writer);
  }

  applied(action: ApplyAction, answer: KubeObject): void {
    this.#options.store.setApplied(action, answer, this.#options.dryRun);
  }

  deleted({ target, uid }: Decisions.DeleteAction, left: KubeObject | undefined): void {
    const { store } = this.#options;
    if (left === undefined) store.setGone(target, uid);
    // A server may return the object as it was before its deletion, without a `deletionTimestamp`. In this case the
    // watch reports when the object is gone.
    else if (left.metadata.deletionTimestamp !== undefined) store.setObject(targetOfObject(target.type, left), left);
    store.forgetMembers();
  }

  orphaned({ target, uid }: Decisions.OrphanAction, left: KubeObject | undefined): void {
    const { store } = this.#options;
    if (left === undefined) store.setGone(target, uid);
    else store.setObject(targetOfObject(target.type, left), left);
    store.forgetMembers();
  }

  async read(request: Decisions.ReadRequest): Promise<void> {
    if (await this.#readFromWatch(request)) return;
    const { api, store, signal } = this.#options;
    switch (request.kind) {
      case 'object':
      case 'whole-object': {
        const { target } = request;
        const read = await attemptRead(this.#options, store.failedReads, objectReadKey(target), () =>
          api.find(ObjectTarget.refOf(target), { signal }),
        );
        if (read.ok) store.setObject(target, read.value);
        return;
      }
      case 'list': {
        const { type, namespace, selector } = request.target;
        const selection = { ...definedMembers({ namespace }), ...(selector === '' ? {} : { labelSelector: selector }) };
        const read = await attemptRead(this.#options, store.failedReads, listKey(request.target), () =>
          this.#list(type, selection),
        );
        if (read.ok) store.setList(request.target, read.value);
        return;
      }
      case 'members': {
        const read = await attemptRead(this.#options, store.failedReads, memberKey(request.target), () =>
          this.#listMembers(request.target),
        );
        if (read.ok) store.setMembers(request.target, read.value);
      }
    }
  }

  /**
   * In direct mode no read is pending across steps: each read is answered when its request ends. A failed read is
   * repeated after a pause.
   */
  isAnswered(): boolean {
    return true;
  }

  /**
   * Answers a read from a watch, because a watch needs one request for all objects of a kind. Returns false when a
   * request must answer the read: for a list, for an object that the store already has, or when no watch covers the
   * read.
   */
  async #readFromWatch(request: Decisions.ReadRequest): Promise<boolean> {
    const { store, watches } = this.#options;
    if (watches === undefined || request.kind === 'list') return false;
    if (request.kind === 'members') {
      const { group, kind, namespaces, applySet } = request.target;
      const watched = await watches.lookAll(group, kind, namespaces);
      if (watched === undefined) return false;
      store.setMembers(request.target, membersOf(applySet, watched, store.objectsOf(group, kind)));
      return true;
    }
    const { target } = request;
    if (store.knows(target)) return false;
    const { exists, object } = await watches.look(target);
    if (exists === undefined || store.knows(target)) return false;
    store.setObject(target, object);
    return true;
  }

  async #list(
    type: { readonly group: string; readonly version: string; readonly kind: string },
    selection: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<Observations.ListObservation> {
    const { api, signal } = this.#options;
    try {
      const list = await api.list(typeMetaOf(type), { ...selection, signal });
      return { state: 'known', objects: observedObjects(list.items) };
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      return { state: 'unserved' };
    }
  }

  /**
   * Lists the members of an ApplySet that have this kind, in the version from discovery. The look-up reads only the
   * group of the kind, because discovery of all groups silently omits a group whose server does not respond.
   */
  async #listMembers(target: Targets.MemberTarget): Promise<Observations.ListObservation> {
    const { api, signal } = this.#options;
    const resource = await api.discovery.inGroup(target.group, target.kind, { signal });
    if (resource === undefined) return { state: 'unserved' };
    const labelSelector = `${keys.PART_OF_LABEL}=${target.applySet}`;
    const scopes = resource.namespaced ? target.namespaces.map((namespace) => ({ namespace })) : [{}];
    const lists = await Promise.all(scopes.map((scope) => this.#list(resource, { ...scope, labelSelector })));
    if (lists.some(({ state }) => state === 'unserved')) return { state: 'unserved' };
    return { state: 'known', objects: lists.flatMap((list) => (list.state === 'known' ? list.objects : [])) };
  }
}

/**
 * Returns the members of an ApplySet. They come from watches and from recent writes, because a watch may not show a new
 * object yet. When both have an object, the newer state counts: the watch may still show the state from before the
 * write that made the object a member.
 */
function membersOf(
  applySet: string,
  watched: readonly KubeObject[],
  known: readonly KubeObject[],
): Observations.ListObservation {
  const byUid = new Map(known.map((object) => [object.metadata.uid, object]));
  for (const object of watched) {
    const before = byUid.get(object.metadata.uid);
    if (before === undefined || isNewer(object, before)) byUid.set(object.metadata.uid, object);
  }
  const members = [...byUid.values()].filter(({ metadata }) => metadata.labels?.[keys.PART_OF_LABEL] === applySet);
  return { state: 'known', objects: observedObjects(members) };
}

/** The view of an observer, which writes no object and opens no watches. */
export function observerView(
  api: KubernetesApi,
  clock: Clock,
  signal: AbortSignal,
): { readonly store: ObservedStore; readonly view: DirectAnswers } {
  const store = new ObservedStore(() => clock.now());
  const options = {
    api,
    store,
    watches: undefined,
    dryRun: false,
    clock,
    random: Math.random,
    signal,
    user: undefined,
  };
  return { store, view: new DirectAnswers(options) };
}
