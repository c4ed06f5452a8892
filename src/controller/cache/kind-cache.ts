import type { KubeObject } from '../../core/index.ts';
import type { Clock, KubeError, KubernetesApi } from '../../kube/index.ts';
import type { Fingerprint, LiveObject, ObjectType, EquivalentDigests } from '../../runtime/index.ts';
import { ownedFingerprint } from '../../runtime/index.ts';
import { withWhole, projectWithEquivalence, withEquivalence, compacted } from './held-object.ts';
import { KeyIndex } from './key-index.ts';
import type { StaleObjectsView } from './stale-objects.ts';
import { StaleObjects } from './stale-objects.ts';
import type { ScopeListener } from './scope-watch.ts';
import { cacheKeyOf, ScopeWatch } from './scope-watch.ts';
import { DeferredCompactor } from './deferred-compactor.ts';

/** A change of one object; `before` is absent when it was created, `after` when it was deleted. */
export interface CacheChange {
  readonly type: ObjectType;
  readonly key: string;
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
}

/** Gives the texts by which an object is looked up. */
export type ObjectIndex = (object: KubeObject) => Iterable<string>;

/** How a cache of one kind works. */
export interface KindCacheOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly type: ObjectType;
  /** Gives the projection of an object; called for every object that arrives. */
  readonly project: (object: KubeObject) => LiveObject;
  /** Gives the texts by which objects are looked up besides their keys. Must be a pure function. */
  readonly indexOf?: ObjectIndex;
  readonly onChange: (change: CacheChange) => void;
  /** Called when the cache came in step with the server, or cannot be read. */
  readonly onState: (cache: KindCache) => void;
  /** Called when a list was complete. */
  readonly onRead: () => void;
}

/** Label by which the members of an ApplySet are found. */
const PART_OF = 'applyset.kubernetes.io/part-of';

/** How many UIDs of deleted objects are remembered, so that a late answer does not bring them back. */
const MAX_TOMBSTONES = 10_000;

/**
 * All objects of one kind, as projections, kept in step by one watch. Answers to the controller's own writes are added
 * as well (`observe`), so that the next decision does not wait for their events.
 */
export class KindCache {
  readonly type: ObjectType;
  readonly #options: KindCacheOptions;
  readonly #objects = new Map<string, LiveObject>();
  readonly #members = new KeyIndex();
  readonly #indexed = new KeyIndex();
  readonly #tombstones = new Set<string>();
  readonly #stale = new StaleObjects();
  readonly #compactor: DeferredCompactor;
  readonly #listener: ScopeListener;
  readonly #all: ScopeWatch;
  readonly #namespaces = new Map<string, ScopeWatch>();

  constructor(options: KindCacheOptions) {
    this.#options = options;
    this.type = options.type;
    this.#compactor = new DeferredCompactor(options.clock, (key) => this.#tidy(key));
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

  /** Does the cache hold all objects of the kind? */
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

  /** Does the cache hold all objects of a namespace, or of the cluster when `namespace` is undefined? */
  syncedIn(namespace: string | undefined): boolean {
    return this.#all.synced || (namespace !== undefined && this.#namespaces.get(namespace)?.synced === true);
  }

  /** Why a namespace cannot be read; absent while it can, or while the answer is still open. */
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

  /** Starts or restarts the watch. With `refresh` the held objects count as unknown until they are listed again. */
  start(refresh = false): void {
    if (refresh) this.#stale.invalidate(this.#objects.keys());
    this.#all.start(refresh);
    for (const scope of this.#namespaces.values()) scope.start(refresh);
  }

  /**
   * Lists the kind again, since graphs of this projection generation read more of it than is held. Graphs of earlier
   * generations keep reading what is held.
   */
  readMore(projectionGeneration: number): void {
    this.#stale.readMore(this.#objects.keys(), projectionGeneration);
    this.start();
  }

  async stop(): Promise<void> {
    this.#compactor.stop();
    await Promise.all([this.#all.stop(), ...[...this.#namespaces.values()].map((scope) => scope.stop())]);
  }

  /**
   * Watches these namespaces one by one where the kind may not be listed as a whole. The watch of the whole kind keeps
   * retrying; when it succeeds, the watches of namespaces end.
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
   * The held projection of an object; undefined while it is stale or holds less than this generation needs.
   * `projectionGeneration` is the number that `CacheSet.keepGraph` returned; 0 stands for the fields kept of every
   * object.
   */
  get(key: string, projectionGeneration = 0): LiveObject | undefined {
    return this.#stale.isStale(key, projectionGeneration) ? undefined : this.#objects.get(key);
  }

  /** Is a list of the kind under way that this generation needs? False where the kind cannot be read. */
  isReading(projectionGeneration: number): boolean {
    return this.error === undefined && (!this.synced || this.#stale.hasStale(projectionGeneration));
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

  /** Takes in the answer to a write, before its event arrives. */
  observe(object: KubeObject): void {
    this.#put(object, !this.syncedIn(object.metadata.namespace));
  }

  /** Like `observe`, for the answer to an apply: its owned fields satisfy what was desired. */
  observeApplied(object: KubeObject, desired: Fingerprint): void {
    const key = cacheKeyOf(object);
    const held = this.#put(object, !this.syncedIn(object.metadata.namespace)) ?? this.#objects.get(key);
    // The digest is that of the answer: the watch may have brought a later change to the cache already, and that one is
    // drift.
    const isAnswer = held?.object.metadata.resourceVersion === object.metadata.resourceVersion;
    const owned = isAnswer ? held?.owned : undefined;
    this.setEquivalence(key, { desired, owned: owned ?? ownedFingerprint(object) });
  }

  /**
   * Like `observe`, for a whole object that a step asked for. It is held beside the projection until the object changes
   * or its equivalence is known. A step that may not write the object yet (a pause after a failed write, a contested
   * field) then decides from it without another read.
   */
  observeWhole(object: KubeObject): void {
    this.observe(object);
    const { uid = '', resourceVersion } = object.metadata;
    const key = cacheKeyOf(object);
    const live = this.#objects.get(key);
    if (live === undefined || !isVersionOf(live, uid, resourceVersion)) return;
    this.#objects.set(key, withWhole(live, object));
  }

  /** Takes in the answer to a write that says that the object is gone. */
  observeGone(key: string, uid: string): void {
    this.#addTombstone(uid);
    const before = this.#objects.get(key);
    if (before?.object.metadata.uid === uid) this.#remove(key, before);
  }

  /** Remembers that what was desired is satisfied by what is owned. */
  setEquivalence(key: string, pair: EquivalentDigests): void {
    const live = this.#objects.get(key);
    if (live === undefined) return;
    const next = withEquivalence(live, pair);
    this.#objects.set(key, next);
    // A pair that adds nothing leaves the entry compacted.
    if (next.equivalence !== true) this.#compactor.add(key);
  }

  /**
   * Returns the new entry; undefined when the object is not newer. `listing`: the same version is stored again, too,
   * since its projection may have grown.
   */
  #put(object: KubeObject, listing: boolean): LiveObject | undefined {
    const { uid = '', resourceVersion } = object.metadata;
    if (this.#tombstones.has(uid)) return undefined;
    const key = cacheKeyOf(object);
    const before = this.#objects.get(key);
    const isReread = listing || this.#stale.has(key);
    if (before !== undefined && !isNews(before, uid, resourceVersion, isReread)) return undefined;
    const projected = this.#options.project(object);
    const after = before?.object.metadata.uid === uid ? projectWithEquivalence(projected, before, object) : projected;
    this.#objects.set(key, after);
    this.#compactor.add(key);
    this.#index(key, before, after);
    // The same version with a larger projection wakes no subscriber: readers of that projection wait for the whole
    // list.
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
    const key = cacheKeyOf(object);
    const before = this.#objects.get(key);
    // The controller may have created another object of the same name before the deletion event of the old one arrived.
    if (before?.object.metadata.uid === object.metadata.uid && before !== undefined) this.#remove(key, before);
  }

  #remove(key: string, before: LiveObject): void {
    this.#objects.delete(key);
    this.#index(key, before, undefined);
    this.#options.onChange({ type: this.type, key, before, after: undefined });
    this.#reread(key);
  }

  /**
   * An object was read again, or is gone. The last one may arrive some time after the list, which can be an old one.
   */
  #reread(key: string): void {
    if (this.#stale.read(key)) this.#options.onRead();
  }

  /** After a list: an object that it does not name is gone, unless the controller wrote it later. */
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
  // The deletion event of an object may arrive after the answer that created its successor.
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

/** Is version `a` of an object later than `b`? Versions are decimal numbers of any length that only grow. */
function isLater(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return b === undefined;
  return a.length === b.length ? a > b : a.length > b.length;
}
