import { getOrInsert } from '@typekro/kit/core';
import type { GroupVersionKind, KubeObject } from '@typekro/kit/core';
import type { Graph, PathStep } from '@typekro/engine/graph';
import { type Clock, type KubernetesApi, elapsed } from '@typekro/kube';
import { type Decisions, type ObjectType, Projection } from '@typekro/engine/runtime';
import { applySetsOf, Subscriptions } from './subscriptions.ts';
import { KeptReads, kindId } from './kept-reads.ts';
import { type CacheChange, type IndexFunction, KindCache } from './kind-cache.ts';

/** Receives measurements of watches. */
export interface CacheMeter {
  opened(type: ObjectType): void;
  closed(type: ObjectType): void;
  /** The watch of a kind has listed all objects, `milliseconds` after it was opened or restarted. */
  synced(type: ObjectType, milliseconds: number): void;
  /** A change was passed to this number of subscribers. */
  routed(type: ObjectType, matches: number): void;
}

/** The dependencies of a `CacheSet`. */
export interface CacheSetOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  /**
   * Called when an object that a subscriber watches has changed. `change` is `undefined` when a kind became readable or
   * unreadable.
   */
  readonly onWake: (subscriber: string, change: CacheChange | undefined) => void;
  /** Called when a member of an ApplySet changed. */
  readonly onChildChange: (applySet: string, change: CacheChange) => void;
  /** Called when a list of a kind shows that the server was restored to an earlier state. */
  readonly onWentBack: (type: ObjectType) => void;
  readonly meter?: CacheMeter;
}

/**
 * The time for which an unused watch stays open. If the next subscriber comes within this time, the kind is not listed
 * again.
 */
const LINGER_MS = 30_000;

/**
 * A kind of which a subscriber needs all objects, and the namespaces to watch when the controller may not list the
 * whole kind.
 */
export interface HeldKind {
  readonly type: ObjectType;
  readonly namespaces: readonly string[];
}

interface Slot {
  readonly cache: KindCache;
  readonly interests: Subscriptions;
  linger: { cancel(): void } | undefined;
  /** The time at which the list of the kind began; `undefined` when the list is complete. */
  readingSince: number | undefined;
}

/**
 * The watches of all kinds. All subscribers share one watch per kind. The watch is opened for the first subscriber, and
 * closed some time after the last one has left. The caches hold the identity of each object, its ownership labels, and
 * the fields that graphs read.
 */
export class CacheSet {
  readonly #options: CacheSetOptions;
  readonly #slots = new Map<string, Slot>();
  /**
   * The caches of the slots by group and kind, for all versions. Without this map, a look-up would search thousands of
   * kinds.
   */
  readonly #byGroupKind = new Map<string, readonly KindCache[]>();
  readonly #indexes = new Map<string, IndexFunction>();
  readonly #rawObjectListeners = new Map<string, (object: KubeObject) => void>();
  readonly #reads = new KeptReads((type, projectionGeneration) =>
    this.#beginReading(type)?.readMore(projectionGeneration),
  );
  /** The kinds that a subscriber watches. */
  readonly #kindsOf = new Map<string, readonly string[]>();
  /** The array that was last stored in `#kindsOf`. Subscribers with the same kinds share this array. */
  #kinds: readonly string[] = [];
  #settledWaiters: (() => void)[] = [];
  /**
   * The kinds that are being listed because the list of another kind showed that the server was restored to an earlier
   * state. Their own lists do not report this restore again.
   */
  readonly #readAgain = new Set<KindCache>();

  constructor(options: CacheSetOptions) {
    this.#options = options;
  }

  /**
   * Adds paths to the paths that projections of the kind keep. An empty path keeps everything. When the projections
   * grow, the objects of the kind count as unknown until they are listed again.
   */
  keep(type: ObjectType, paths: Iterable<readonly PathStep[]>): void {
    if (this.#reads.grow(type, paths)) this.#beginReading(type)?.start(true);
  }

  /**
   * Adds the paths that a graph reads in the objects of its nodes. Returns the projection generation of the graph, for
   * `KindCache.get`. A kind whose projections grow is listed again. Until the list is complete, the objects of this
   * kind are unknown to this graph and to later ones. Earlier graphs still read them.
   */
  keepGraph(graph: Graph): number {
    return this.#reads.of(graph).projectionGeneration;
  }

  /**
   * Adds the paths that a graph reads in the objects of a node, after a step has found the node's computed kind. This
   * may raise the projection generation of the graph.
   */
  keepComputedKind(graph: Graph, nodeId: string, type: GroupVersionKind): void {
    this.#reads.addComputed(graph, nodeId, type);
  }

  /**
   * Is a kind of the graph being listed? If so, the cache does not have all objects of the kind yet. The subscriber is
   * then woken when the list is complete or has failed.
   */
  awaitsReading(graph: Graph, subscriber: string): boolean {
    const { projectionGeneration, kinds } = this.#reads.of(graph);
    for (const id of kinds) {
      const cache = this.#slots.get(id)?.cache;
      if (cache?.isReading(projectionGeneration) !== true) continue;
      cache.stale.await(subscriber);
      return true;
    }
    return false;
  }

  /** Sets the index of a kind. Must be called before the kind is watched; see `KindCache.indexed`. */
  index(type: ObjectType, indexOf: IndexFunction): void {
    this.#indexes.set(kindId(type), indexOf);
  }

  /**
   * Passes each object of a kind to a listener before the object is projected. Must be called before the kind is
   * watched.
   */
  onRawObject(type: ObjectType, listener: (object: KubeObject) => void): void {
    this.#rawObjectListeners.set(kindId(type), listener);
  }

  /** The cache of a kind; `undefined` when the kind is not watched. */
  peek(type: ObjectType): KindCache | undefined {
    return this.#slots.get(kindId(type))?.cache;
  }

  /** For each kind, the number of watch requests for single objects (`objects`) and for selections (`lists`). */
  subscriptions(): { readonly type: ObjectType; readonly objects: number; readonly lists: number }[] {
    return [...this.#slots.values()].map(({ cache, interests }) => ({ type: cache.type, ...interests.counts() }));
  }

  /** The caches of a group and kind, in any version. */
  ofGroupKind(group: string, kind: string): readonly KindCache[] {
    return this.#byGroupKind.get(`${group}/${kind}`) ?? [];
  }

  all(): KindCache[] {
    return [...this.#slots.values()].map(({ cache }) => cache);
  }

  /**
   * Replaces the subscriptions of a subscriber. For `kinds`, the caches hold all objects, so that the subscriber finds
   * the members of its ApplySet. Changes of these objects do not wake the subscriber.
   */
  setInterest(subscriber: string, requests: readonly Decisions.WatchRequest[], kinds: readonly HeldKind[] = []): void {
    const wanted = new Map<
      string,
      { type: ObjectType; requests: Decisions.WatchRequest[]; hold: string[] | undefined }
    >();
    const entry = (type: ObjectType) => {
      const id = kindId(type);
      return getOrInsert(wanted, id, () => ({ type, requests: [], hold: undefined }));
    };
    for (const request of requests) entry(request.target.type).requests.push(request);
    for (const { type, namespaces } of kinds) {
      const held = entry(type);
      held.hold = [...new Set([...(held.hold ?? []), ...namespaces])];
    }
    for (const id of this.#kindsOf.get(subscriber) ?? []) {
      if (!wanted.has(id)) this.#release(id, subscriber);
    }
    for (const { type, requests, hold } of wanted.values()) {
      const { interests, cache } = this.#acquire(type);
      interests.set(subscriber, requests, hold);
      if (isForbidden(cache)) cache.narrow(interests.namespaces());
    }
    if (wanted.size === 0) this.#kindsOf.delete(subscriber);
    else this.#kindsOf.set(subscriber, this.#sharedKinds([...wanted.keys()]));
  }

  /**
   * Handles a CRD that was created, changed or deleted. With `refresh`, all objects of the kind are listed again,
   * because a new schema can change the defaults of stored objects, and no watch reports this change. Without
   * `refresh`, only a watch without a complete list is restarted.
   */
  restart(group: string, kind: string, refresh: boolean): void {
    for (const cache of this.ofGroupKind(group, kind)) if (refresh || !cache.synced) cache.start(refresh);
  }

  /**
   * Lists all other kinds again. The list of the given kind showed that the server was restored to an earlier state.
   * Until the lists are complete, the objects count as unknown. If they counted as known, the controller could create
   * children of an instance that the restore removed.
   */
  readAgain({ group, kind }: GroupVersionKind): void {
    for (const { cache } of this.#slots.values()) {
      if (cache.type.group === group && cache.type.kind === kind) continue;
      this.#readAgain.add(cache);
      this.#beginReading(cache.type)?.readRestored();
    }
  }

  /** Does every watch have either a complete list or an error? */
  get settled(): boolean {
    return this.all().every((cache) => cache.settled);
  }

  /** Settles when every watch has either a complete list or an error. */
  whenSettled(): Promise<void> {
    if (this.settled) return Promise.resolve();
    return new Promise((resolve) => this.#settledWaiters.push(resolve));
  }

  async close(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    this.#byGroupKind.clear();
    for (const { cache, linger } of slots) {
      linger?.cancel();
      this.#options.meter?.closed(cache.type);
    }
    await Promise.all(slots.map(({ cache }) => cache.stop()));
    this.#checkSettled();
  }

  /** Returns the previous array when it has the same kinds, so that subscribers share one array. */
  #sharedKinds(kinds: readonly string[]): readonly string[] {
    const known = this.#kinds;
    if (known.length !== kinds.length || known.some((id, index) => id !== kinds[index])) this.#kinds = kinds;
    return this.#kinds;
  }

  #acquire(type: ObjectType): Slot {
    const id = kindId(type);
    const known = this.#slots.get(id);
    if (known !== undefined) {
      known.linger?.cancel();
      known.linger = undefined;
      return known;
    }
    const reads = this.#reads.pathsOf(type);
    const interests = new Subscriptions();
    this.#learn(type);
    const [indexOf, listener] = [this.#indexes.get(id), this.#rawObjectListeners.get(id)];
    const cache = new KindCache({
      client: this.#options.client,
      clock: this.#options.clock,
      type,
      ...(indexOf === undefined ? {} : { indexOf }),
      project: (object) => {
        listener?.(object);
        return Projection.of(object, reads.paths);
      },
      onChange: (change) => this.#changed(interests, change),
      onState: () => this.#stateChanged(slot),
      onRead: () => this.#read(slot),
      onWentBack: () => this.#wentBack(cache),
    });
    const slot: Slot = { cache, interests, linger: undefined, readingSince: elapsed(this.#options.clock) };
    this.#slots.set(id, slot);
    this.#byGroupKind.set(`${type.group}/${type.kind}`, [...this.ofGroupKind(type.group, type.kind), cache]);
    this.#options.meter?.opened(type);
    cache.start();
    return slot;
  }

  /** Passes the plural of a kind to the client. This saves a discovery request. */
  #learn(type: ObjectType): void {
    if (type.plural === '') return;
    const { group, version, kind, plural, namespaced } = type;
    const unknown = { singular: kind.toLowerCase(), shortNames: [], categories: [], verbs: [], subresources: [] };
    this.#options.client.discovery.learn({ group, version, kind, plural, namespaced, ...unknown });
  }

  #release(id: string, subscriber: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    slot.interests.set(subscriber, [], undefined);
    if (isForbidden(slot.cache)) slot.cache.narrow(slot.interests.namespaces());
    if (!slot.interests.empty || slot.linger !== undefined) return;
    slot.linger = this.#options.clock.setTimer(LINGER_MS, () => {
      if (!slot.interests.empty) return;
      this.#remove(id, slot.cache);
      this.#wakeWaiting(slot.cache);
      void slot.cache.stop();
    });
  }

  #remove(id: string, cache: KindCache): void {
    const { group, kind } = cache.type;
    const others = this.ofGroupKind(group, kind).filter((other) => other !== cache);
    this.#slots.delete(id);
    this.#readAgain.delete(cache);
    if (others.length > 0) this.#byGroupKind.set(`${group}/${kind}`, others);
    else this.#byGroupKind.delete(`${group}/${kind}`);
    this.#options.meter?.closed(cache.type);
  }

  #changed(interests: Subscriptions, change: CacheChange): void {
    const subscribers = interests.of(change);
    this.#options.meter?.routed(change.type, subscribers.size);
    for (const subscriber of subscribers) this.#options.onWake(subscriber, change);
    for (const applySet of applySetsOf(change)) this.#options.onChildChange(applySet, change);
  }

  /** Records that a list of the kind begins. Returns its cache; `undefined` when the kind is not watched. */
  #beginReading(type: GroupVersionKind): KindCache | undefined {
    const slot = this.#slots.get(kindId(type));
    if (slot !== undefined) slot.readingSince = elapsed(this.#options.clock);
    return slot?.cache;
  }

  #read(slot: Slot): void {
    const { cache, readingSince } = slot;
    if (cache.synced && readingSince !== undefined) {
      this.#options.meter?.synced(cache.type, elapsed(this.#options.clock) - readingSince);
      slot.readingSince = undefined;
    }
    this.#wakeWaiting(cache);
  }

  #wentBack(cache: KindCache): void {
    if (this.#readAgain.has(cache)) return;
    this.#options.onWentBack(cache.type);
  }

  #wakeWaiting(cache: KindCache): void {
    for (const subscriber of cache.stale.drainWaiters()) this.#options.onWake(subscriber, undefined);
  }

  #stateChanged(slot: Slot): void {
    const { cache, interests } = slot;
    if (cache.synced) this.#readAgain.delete(cache);
    this.#read(slot);
    if (isForbidden(cache) || cache.watches > 1) cache.narrow(interests.namespaces());
    this.#checkSettled();
    for (const subscriber of interests.subscribers()) this.#options.onWake(subscriber, undefined);
  }

  #checkSettled(): void {
    if (this.#settledWaiters.length === 0 || !this.settled) return;
    const waiters = this.#settledWaiters;
    this.#settledWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

function isForbidden(cache: KindCache): boolean {
  return cache.error?.status === 403;
}
