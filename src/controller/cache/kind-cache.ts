import type { KubeObject } from '../../core/index.ts';
import type { Clock, KubeError, KubernetesApi } from '../../kube/index.ts';
import type { Fingerprint, LiveObject, ObjectType, EquivalentDigests } from '../../runtime/index.ts';
import { ownedFingerprint } from '../../runtime/index.ts';
import { withWhole, projectWithBaseline, withBaseline, compacted } from './held-object.ts';
import { KeyIndex } from './key-index.ts';
import type { StaleObjectsView } from './stale-objects.ts';
import { StaleObjects } from './stale-objects.ts';
import type { ScopeListener } from './scope-watch.ts';
import { keyOf, ScopeWatch } from './scope-watch.ts';
import { DeferredCompactor } from './deferred-compactor.ts';
import { isLater } from './versions.ts';

/** What a cache tells of one object; `before` or `after` is absent when it came or went. */
export interface CacheChange {
  readonly type: ObjectType;
  readonly key: string;
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
}

/** Texts by which an object is looked up. */
export type ObjectIndex = (object: KubeObject) => Iterable<string>;

/** How a cache of one kind works. */
export interface KindCacheOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly type: ObjectType;
  /** What is kept of an object. Asked for every object that comes in. */
  readonly project: (object: KubeObject) => LiveObject;
  /** Texts by which objects are looked up besides their keys; always the same for the same object. */
  readonly indexOf?: ObjectIndex;
  readonly onChange: (change: CacheChange) => void;
  /** The state changed: it is in step with the server now, or it cannot be read. */
  readonly onState: (cache: KindCache) => void;
  /** Everything was read (again). */
  readonly onRead: () => void;
}

/** Label by which the members of an ApplySet are found. */
const PART_OF = 'applyset.kubernetes.io/part-of';

/** How many UIDs of deleted objects are remembered, so that a late answer does not bring them back. */
const MAX_TOMBSTONES = 10_000;

/**
 * All objects of one kind, as projections, kept in step by one watch. Answers to our own writes are put
 * in as well (`observe`), so that the next decision sees them without waiting for their event.
 */
export class KindCache {
  readonly type: ObjectType;
  readonly #options: KindCacheOptions;
  readonly #objects = new Map<string, LiveObject>();
  readonly #members = new KeyIndex();
  readonly #indexed = new KeyIndex();
  readonly #tombstones = new Set<string>();
  readonly #stale = new StaleObjects();
  readonly #tidier: DeferredCompactor;
  readonly #listener: ScopeListener;
  readonly #all: ScopeWatch;
  readonly #namespaces = new Map<string, ScopeWatch>();

  constructor(options: KindCacheOptions) {
    this.#options = options;
    this.type = options.type;
    this.#tidier = new DeferredCompactor(options.clock, (key) => this.#tidy(key));
    this.#listener = {
      put: (scope, object) => this.#put(object, !scope.synced),
      gone: (object) => {
        this.#addTombstone(object.metadata.uid ?? '');
        this.#drop(object);
      },
      sweep: (scope, seen, version) => this.#sweep(scope.namespace, seen, version),
      stateChanged: () => this.#options.onState(this),
    };
    this.#all = new ScopeWatch(options.client, options.type, undefined, this.#listener);
  }

  /** Does it hold everything that the server has? */
  get synced(): boolean {
    return this.#all.synced;
  }

  /** Why it cannot be read; absent while all is well. */
  get error(): KubeError | undefined {
    return this.#all.error;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Is everything known that is in a namespace, or, for objects without one, at all? */
  syncedIn(namespace: string | undefined): boolean {
    return this.#all.synced || (namespace !== undefined && this.#namespaces.get(namespace)?.synced === true);
  }

  /** Why what is in a namespace cannot be read; absent while all is well, or while that is being found out. */
  errorIn(namespace: string | undefined): KubeError | undefined {
    const { error } = this.#all;
    if (namespace === undefined || !this.type.namespaced || error?.status !== 403) return error;
    return this.#namespaces.get(namespace)?.error;
  }

  /** Is every watch in step with the server, or known to be unreadable? */
  get settled(): boolean {
    return [this.#all, ...this.#namespaces.values()].every(({ synced, error }) => synced || error !== undefined);
  }

  /** How many watches it takes. */
  get watches(): number {
    return 1 + this.#namespaces.size;
  }

  /** The objects that are to be read again. */
  get stale(): StaleObjectsView {
    return this.#stale;
  }

  /** Begins to watch, or begins anew: with `refresh` what is held counts as unknown until it was read again. */
  start(refresh = false): void {
    if (refresh) this.#stale.invalidate(this.#objects.keys());
    this.#all.start(refresh);
    for (const scope of this.#namespaces.values()) scope.start(refresh);
  }

  /**
   * Reads everything again, since from this need on graphs read more of the kind than is held. For those with lesser
   * needs nothing changes meanwhile.
   */
  readMore(need: number): void {
    this.#stale.readMore(this.#objects.keys(), need);
    this.start();
  }

  async stop(): Promise<void> {
    this.#tidier.stop();
    await Promise.all([this.#all.stop(), ...[...this.#namespaces.values()].map((scope) => scope.stop())]);
  }

  /**
   * Where the kind may not be listed as a whole, these namespaces are watched one by one. The watch of the whole
   * goes on trying, and they end when it may be read after all.
   */
  narrow(namespaces: ReadonlySet<string>): void {
    const wanted = this.type.namespaced && this.#all.error?.status === 403 ? namespaces : new Set<string>();
    for (const [namespace, scope] of this.#namespaces) {
      if (wanted.has(namespace)) continue;
      this.#namespaces.delete(namespace);
      void scope.stop();
    }
    for (const namespace of wanted) {
      if (this.#namespaces.has(namespace)) continue;
      const scope = new ScopeWatch(this.#options.client, this.type, namespace, this.#listener);
      this.#namespaces.set(namespace, scope);
      scope.start(false);
    }
  }

  /**
   * What is held of an object; nothing while it has to be read again, since it may be another one now, or since what is
   * held is too little for this need: the one that `CacheSet.keepGraph` gave, 0 for what is kept of every object.
   */
  get(key: string, need = 0): LiveObject | undefined {
    return this.#stale.isStale(key, need) ? undefined : this.#objects.get(key);
  }

  /** Is everything being read just now, or more of what is held? Not where it cannot be read. */
  isReading(need: number): boolean {
    return this.error === undefined && (!this.synced || this.#stale.hasStale(need));
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  values(): Iterable<LiveObject> {
    return this.#objects.values();
  }

  /** The members of an ApplySet that are of this kind. */
  membersOf(applySet: string): LiveObject[] {
    return [...this.#members.of(applySet)].flatMap((key) => this.get(key) ?? []);
  }

  /** The objects that `indexOf` gives this text for. */
  indexed(text: string): LiveObject[] {
    return [...this.#indexed.of(text)].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** What the server answered to a write: known at once, its event will bring nothing new. */
  observe(object: KubeObject): void {
    this.#put(object, !this.syncedIn(object.metadata.namespace));
  }

  /** Like `observe`, for the answer to an apply: what it holds at our fields satisfies what was desired. */
  observeApplied(object: KubeObject, desired: Fingerprint): void {
    const key = keyOf(object);
    const held = this.#put(object, !this.syncedIn(object.metadata.namespace)) ?? this.#objects.get(key);
    // Of the answer, not of the cache: the watch may have brought a later change already, and that one is drift.
    const isAnswer = held?.object.metadata.resourceVersion === object.metadata.resourceVersion;
    const owned = isAnswer ? held?.owned : undefined;
    this.settle(key, { desired, owned: owned ?? ownedFingerprint(object) });
  }

  /**
   * Like `observe`, for a whole object that a step asked for. It is held beside the projection until the object
   * changes or is settled: a step that cannot write the object yet (a failed write has its pause, a field is fought
   * over) decides the same from it each time, and asks for no other read.
   */
  observeWhole(object: KubeObject): void {
    this.observe(object);
    const { uid = '', resourceVersion } = object.metadata;
    const key = keyOf(object);
    const live = this.#objects.get(key);
    if (live === undefined || !isVersionOf(live, uid, resourceVersion)) return;
    this.#objects.set(key, withWhole(live, object));
  }

  /** The object is gone, as the answer to a write said. */
  observeGone(key: string, uid: string): void {
    this.#addTombstone(uid);
    const before = this.#objects.get(key);
    if (before?.object.metadata.uid === uid) this.#remove(key, before);
  }

  /** Remembers that what was desired is satisfied by what is owned. */
  settle(key: string, pair: EquivalentDigests): void {
    const live = this.#objects.get(key);
    if (live === undefined) return;
    const next = withBaseline(live, pair);
    this.#objects.set(key, next);
    // One that says no more than before is as tidy as it was.
    if (next.settled !== true) this.#tidier.add(key);
  }

  /**
   * Gives what is held from now on; nothing when the object is no news. `listing`: the same version is news, too,
   * since more may be kept of it than before.
   */
  #put(object: KubeObject, listing: boolean): LiveObject | undefined {
    const { uid = '', resourceVersion } = object.metadata;
    if (this.#tombstones.has(uid)) return undefined;
    const key = keyOf(object);
    const before = this.#objects.get(key);
    const isReread = listing || this.#stale.has(key);
    if (before !== undefined && !isNews(before, uid, resourceVersion, isReread)) return undefined;
    const projected = this.#options.project(object);
    const after = before?.object.metadata.uid === uid ? projectWithBaseline(projected, before, object) : projected;
    this.#objects.set(key, after);
    this.#tidier.add(key);
    this.#index(key, before, after);
    // The same object, of which only more is held: whoever needs that waits for all of them.
    const isSame = this.#stale.isProjectionUpgrade(key) && isVersionOf(before, uid, resourceVersion);
    if (!isSame) this.#options.onChange({ type: this.type, key, before, after });
    this.#reread(key);
    return after;
  }

  #tidy(key: string): void {
    const live = this.#objects.get(key);
    if (live !== undefined) this.#objects.set(key, compacted(live));
  }

  #drop(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    // Another object of the same name may have been written by us before the event of the old one's end came.
    if (before?.object.metadata.uid === object.metadata.uid && before !== undefined) this.#remove(key, before);
  }

  #remove(key: string, before: LiveObject): void {
    this.#objects.delete(key);
    this.#index(key, before, undefined);
    this.#options.onChange({ type: this.type, key, before, after: undefined });
    this.#reread(key);
  }

  /** An object was read again, or is gone; the last one may come some time after the list, which can be an old one. */
  #reread(key: string): void {
    if (this.#stale.read(key)) this.#options.onRead();
  }

  /** After a listing: what it did not name is gone, unless we wrote it after the list was made. */
  #sweep(namespace: string | undefined, seen: ReadonlySet<string>, listVersion: string): void {
    for (const [key, live] of this.#objects) {
      if (namespace !== undefined && live.object.metadata.namespace !== namespace) continue;
      if (!seen.has(key) && !isLater(live.object.metadata.resourceVersion, listVersion)) this.#remove(key, live);
    }
    this.#options.onRead();
  }

  #addTombstone(uid: string): void {
    // Objects of some servers have none.
    if (uid === '') return;
    this.#tombstones.add(uid);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    const [oldest] = this.#tombstones;
    if (oldest !== undefined) this.#tombstones.delete(oldest);
  }

  #index(key: string, before: LiveObject | undefined, after: LiveObject | undefined): void {
    const [old, next] = [applySetOf(before), applySetOf(after)];
    if (old !== next) {
      if (old !== undefined) this.#members.remove(old, key);
      if (next !== undefined) this.#members.add(next, key);
    }
    const { indexOf } = this.#options;
    if (indexOf === undefined) return;
    this.#indexed.move(key, before ? indexOf(before.object) : [], after ? indexOf(after.object) : []);
  }
}

function isNews(before: LiveObject, uid: string, version: string | undefined, isReread: boolean): boolean {
  const held = before.object.metadata;
  // The end of an object may be told late, when the answer has told of the next one of its name already.
  if (held.uid !== uid) return isReread || isLater(version, held.resourceVersion);
  return isLater(version, held.resourceVersion) || (isReread && version === held.resourceVersion);
}

function isVersionOf(live: LiveObject | undefined, uid: string, version: string | undefined): boolean {
  return live?.object.metadata.uid === uid && live.object.metadata.resourceVersion === version;
}

/** The ApplySet that an object says it belongs to. */
export function applySetOf(live: LiveObject | undefined): string | undefined {
  const labels = live?.object.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, PART_OF) ? labels[PART_OF] : undefined;
}
