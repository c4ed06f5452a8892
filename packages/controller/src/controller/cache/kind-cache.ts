import type { KubeObject } from '@typekro/kit/core';
import { tooDeep } from '@typekro/engine/graph';
import type { Clock, KubeError, KubernetesApi } from '@typekro/kube';
import { isLaterVersion, mayBeLaterVersion } from '@typekro/kit/kubernetes';
import type { ApplyAction, EquivalentDigests, ObjectType, Observations } from '@typekro/engine/runtime';
import { keys } from '@typekro/engine/runtime';
import {
  appliedPair,
  compacted,
  projectWithEquivalence,
  withDueWrites,
  withEquivalence,
  withWhole,
  withWriterEquivalence,
} from './held-object.ts';
import { KeyIndex } from './key-index.ts';
import { type StaleObjectsView, StaleObjects } from './stale-objects.ts';
import { type CompleteList, type ScopeListener, cacheKeyOf, ScopeWatch } from './scope-watch.ts';
import { DeferredCompactor } from './deferred-compactor.ts';

/** A change of one object. `before` is `undefined` for a new object. `after` is `undefined` for a deleted object. */
export interface CacheChange {
  readonly type: ObjectType;
  readonly key: string;
  readonly before: Observations.LiveObject | undefined;
  readonly after: Observations.LiveObject | undefined;
}

/** Returns the strings under which the index finds an object. */
export type IndexFunction = (object: KubeObject) => Iterable<string>;

/** The dependencies of a `KindCache`. */
export interface KindCacheOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly type: ObjectType;
  /** Returns the projection of an object. Called for every object that arrives. */
  readonly project: (object: KubeObject) => Observations.LiveObject;
  /** Returns the strings under which the index finds an object, in addition to its key. Must be a pure function. */
  readonly indexOf?: IndexFunction;
  readonly onChange: (change: CacheChange) => void;
  /** Called when `synced` of a watch has changed, or when the error of a watch without a complete list has changed. */
  readonly onState: (cache: KindCache) => void;
  /** Called when a list shows that the server was restored to an earlier state. */
  readonly onWentBack: (cache: KindCache) => void;
  /** Called after each complete list, and when the last stale object was read again or deleted. */
  readonly onRead: () => void;
}

/**
 * The maximum number of tombstones: UIDs of deleted objects. A late response cannot add an object with such a UID
 * again.
 */
const MAX_TOMBSTONES = 10_000;

/**
 * All objects of one kind, as projections. One watch keeps them up to date, or one watch per namespace when the
 * controller may not list the whole kind. `observe` stores the object that the response to a write contains, so that
 * the next decision does not wait for the event of this write.
 */
export class KindCache {
  readonly type: ObjectType;
  readonly #options: KindCacheOptions;
  readonly #objects = new Map<string, Observations.LiveObject>();
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
    this.#compactor = new DeferredCompactor(options.clock, (key) => this.#compactEntry(key));
    this.#listener = {
      put: (scope, object) => void this.#put(object, !scope.synced),
      isOlder: (key, object) => this.#isOlder(key, object),
      gone: (object) => {
        this.#addTombstone(object.metadata.uid ?? '');
        this.#drop(object);
      },
      sweep: (scope, list) => this.#sweep(scope.namespace, list),
      stateChanged: () => this.#options.onState(this),
    };
    this.#all = new ScopeWatch(options.client, options.type, undefined, this.#listener);
  }

  /** Does the cache hold all objects of the kind? */
  get synced(): boolean {
    return this.#all.synced;
  }

  /** The last error of the watch of the whole kind; `undefined` while that watch works. */
  get error(): KubeError | undefined {
    return this.#all.error;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Does the cache hold all objects of a namespace? `undefined` means cluster-scoped objects. */
  syncedIn(namespace: string | undefined): boolean {
    return this.#all.synced || (namespace !== undefined && this.#namespaces.get(namespace)?.synced === true);
  }

  /**
   * The reason why a namespace cannot be read. `undefined` while it can be read, or while the result of the watch is
   * not known.
   */
  errorIn(namespace: string | undefined): KubeError | undefined {
    const { error } = this.#all;
    if (namespace === undefined || !this.type.namespaced || error?.status !== 403) return error;
    return this.#namespaces.get(namespace)?.error;
  }

  /** Does every watch have either a complete list or an error? */
  get settled(): boolean {
    return [this.#all, ...this.#namespaces.values()].every(({ synced, error }) => synced || error !== undefined);
  }

  /** The number of watches of this kind: of the whole kind, and of single namespaces. */
  get watches(): number {
    return 1 + this.#namespaces.size;
  }

  /** The objects that must be read again. */
  get stale(): StaleObjectsView {
    return this.#stale;
  }

  /**
   * Starts or restarts the watches. With `refresh`, the objects in the cache count as unknown until they are listed
   * again.
   */
  start(refresh = false): void {
    if (refresh) this.#stale.invalidate(this.#objects.keys());
    this.#all.start(refresh);
    for (const scope of this.#namespaces.values()) scope.start(refresh);
  }

  /** Lists the kind again, because the server was restored to an earlier state. Deleted objects may exist again. */
  readRestored(): void {
    this.#tombstones.clear();
    this.start(true);
  }

  /**
   * Lists the kind again, because graphs of this projection generation read fields that the held projections lack.
   * Until the list is complete, only graphs of earlier generations can read the held projections.
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
   * Watches these namespaces one by one while the controller may not list the whole kind. The watch of the whole kind
   * retries. When it succeeds, the watches of the namespaces end.
   */
  narrow(namespaces: ReadonlySet<string>): void {
    const wanted = this.type.namespaced && this.#isNarrow() ? namespaces : new Set<string>();
    for (const [namespace, scope] of this.#namespaces) {
      if (wanted.has(namespace)) continue;
      this.#namespaces.delete(namespace);
      void scope.stop();
      // No watch reports changes of these objects any more. A later watch of the namespace lists them again.
      if (!this.#all.synced) this.#stale.invalidate(this.#keysIn(namespace));
    }
    for (const namespace of wanted) {
      if (this.#namespaces.has(namespace)) continue;
      const scope = new ScopeWatch(this.#options.client, this.type, namespace, this.#listener);
      this.#namespaces.set(namespace, scope);
      this.#stale.invalidate(this.#keysIn(namespace));
      scope.start(false);
    }
  }

  /**
   * Are the namespaces watched one by one? During that time, the watch of the whole kind retries. A server error in a
   * retry does not end the watches of the namespaces.
   */
  #isNarrow(): boolean {
    const { error, synced } = this.#all;
    return error?.status === 403 || (this.#namespaces.size > 0 && !synced && error?.status !== 404);
  }

  #keysIn(namespace: string): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(`${namespace}/`));
  }

  /**
   * The projection of an object. `undefined` while the projection is stale, or when it does not have all fields that
   * this generation reads. `projectionGeneration` comes from `CacheSet.keepGraph`; 0 reads only the fields that every
   * projection has.
   */
  get(key: string, projectionGeneration = 0): Observations.LiveObject | undefined {
    return this.#stale.isStale(key, projectionGeneration) ? undefined : this.#objects.get(key);
  }

  /** Must graphs of this projection generation wait until the kind is listed? False when the kind cannot be read. */
  isReading(projectionGeneration: number): boolean {
    return this.error === undefined && (!this.synced || this.#stale.hasStale(projectionGeneration));
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  values(): Iterable<Observations.LiveObject> {
    return this.#objects.values();
  }

  /** The objects of this kind that are members of an ApplySet. */
  membersOf(applySet: string): Observations.LiveObject[] {
    return [...this.#members.of(applySet)].flatMap((key) => this.get(key) ?? []);
  }

  /** The objects for which `indexOf` returned this string. */
  indexed(text: string): Observations.LiveObject[] {
    return [...this.#indexed.of(text)].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Stores the object that the response to a write contains, before the event of the write arrives. */
  observe(object: KubeObject): void {
    this.#put(object, !this.syncedIn(object.metadata.namespace));
  }

  /** Like `observe`, for the response to an apply: it shows which owned fields satisfy the desired fields. */
  observeApplied(action: ApplyAction, answer: KubeObject, now: number): void {
    const key = cacheKeyOf(answer);
    const before = this.#objects.get(key);
    const held = this.#put(answer, !this.syncedIn(answer.metadata.namespace)) ?? this.#objects.get(key);
    // The fingerprint must come from the response. The cache may already hold a later change by another client, which
    // is drift.
    const isAnswer = held?.object.metadata.resourceVersion === answer.metadata.resourceVersion;
    const { pair, writer } = appliedPair(action, answer, before, isAnswer ? held : undefined, now);
    this.setEquivalence(key, pair, writer);
  }

  /**
   * Like `observe`, for a whole object that a step requested. The cache holds the whole object together with the
   * projection until the object changes or its equivalence is known. A step that may not write the object yet (a pause
   * after a failed write, a contested field) then decides without another read.
   */
  observeWhole(object: KubeObject): void {
    this.observe(object);
    const { uid = '', resourceVersion } = object.metadata;
    const key = cacheKeyOf(object);
    const live = this.#objects.get(key);
    if (live === undefined || !isVersionOf(live, uid, resourceVersion)) return;
    this.#objects.set(key, withWhole(withDueWrites(live), object));
  }

  /** Removes an object after a response reported that the object does not exist. */
  observeGone(key: string, uid: string): void {
    this.#addTombstone(uid);
    const before = this.#objects.get(key);
    if (before?.object.metadata.uid === uid) this.#remove(key, before);
  }

  /**
   * Records that the owned fields satisfy the desired fields. `writer` is the name of a writer of kro's graph engine.
   * It is absent for the manager that writes the children of instances.
   */
  setEquivalence(key: string, pair: EquivalentDigests, writer?: string): void {
    const live = this.#objects.get(key);
    if (live === undefined) return;
    const next = writer === undefined ? withEquivalence(live, pair) : withWriterEquivalence(live, writer, pair);
    this.#objects.set(key, next);
    // The equivalence `true` adds no string to the entry, so the entry stays compacted.
    if (next.equivalence !== true || writer !== undefined) this.#compactor.add(key);
  }

  /**
   * Stores an object. Returns the new entry; `undefined` when the object is not newer. With `listing`, the same version
   * is stored again, because its projection may have grown. With `older`, an older version is also stored.
   */
  #put(object: KubeObject, listing: boolean, older = false): Observations.LiveObject | undefined {
    const { uid = '', resourceVersion } = object.metadata;
    if (this.#tombstones.has(uid)) return undefined;
    const key = cacheKeyOf(object);
    const before = this.#objects.get(key);
    const isReread = listing || this.#stale.has(key);
    if (before !== undefined && !older && !isNews(before, uid, resourceVersion, isReread)) return undefined;
    const after = this.#entryOf(object, before?.object.metadata.uid === uid ? before : undefined);
    this.#objects.set(key, after);
    this.#compactor.add(key);
    this.#index(key, before, after);
    // The same version with a larger projection wakes no subscriber. Readers of that projection wait for the whole
    // list.
    const isSame = this.#stale.isProjectionUpgrade(key) && isVersionOf(before, uid, resourceVersion);
    if (!isSame) this.#options.onChange({ type: this.type, key, before, after });
    this.#reread(key);
    return after;
  }

  /**
   * The entry of an object that arrived; `before` is the earlier entry of the same object. Any user may write an object
   * that is nested too deeply for the call stack. The entry of such an object has only the object's identity. A step
   * that needs more of the object fails, and the other objects of the kind keep their watch.
   */
  #entryOf(object: KubeObject, before: Observations.LiveObject | undefined): Observations.LiveObject {
    const { project } = this.#options;
    try {
      const projected = project(object);
      return before === undefined ? projected : projectWithEquivalence(projected, before, object);
    } catch (thrown) {
      // When the stack is full, V8 may throw an error that is not a RangeError.
      if (tooDeep(object) === undefined) throw thrown;
      const { apiVersion, kind, metadata } = object;
      const { managedFields: _managedFields, ...identity } = metadata;
      return project({ apiVersion, kind, metadata: identity });
    }
  }

  #compactEntry(key: string): void {
    const live = this.#objects.get(key);
    if (live !== undefined) this.#objects.set(key, compacted(live));
  }

  #drop(object: KubeObject): void {
    const key = cacheKeyOf(object);
    const before = this.#objects.get(key);
    // The controller may have created another object of the same name before the deletion event of the old object
    // arrived.
    if (before?.object.metadata.uid === object.metadata.uid && before !== undefined) this.#remove(key, before);
  }

  #remove(key: string, before: Observations.LiveObject): void {
    this.#objects.delete(key);
    this.#index(key, before, undefined);
    this.#options.onChange({ type: this.type, key, before, after: undefined });
    this.#reread(key);
  }

  /**
   * Records that a stale object was read again or deleted. If a list has an older version than the cache, the object
   * stays stale until the event of a later version arrives.
   */
  #reread(key: string): void {
    if (this.#stale.read(key)) this.#options.onRead();
  }

  /** Does the cache know a later version of the object, or that the object was deleted? */
  #isOlder(key: string, object: KubeObject): boolean {
    const { uid = '', resourceVersion } = object.metadata;
    const held = this.#objects.get(key);
    return this.#tombstones.has(uid) || isLaterVersion(held?.object.metadata.resourceVersion, resourceVersion);
  }

  /**
   * Takes over a complete list. Removes objects that the list does not have. Older versions in the list replace the
   * known versions. An object that the controller wrote after the list stays unchanged. A restore of etcd shows in one
   * of two ways: the list is older than earlier events (`wentBack`), or the list is newer but has objects in older
   * versions.
   */
  #sweep(namespace: string | undefined, { version, seen, older, wentBack }: CompleteList): void {
    const isWrittenLater = (live: Observations.LiveObject | undefined) =>
      !wentBack && live !== undefined && isLaterVersion(live.object.metadata.resourceVersion, version);
    const isReplaced = (key: string) => this.#objects.has(key) && !isWrittenLater(this.#objects.get(key));
    if (wentBack || [...older.keys()].some(isReplaced)) {
      this.#tombstones.clear();
      this.#options.onWentBack(this);
    }
    for (const [key, object] of older) if (!isWrittenLater(this.#objects.get(key))) this.#put(object, true, true);
    for (const [key, live] of this.#objects) {
      if (namespace !== undefined && live.object.metadata.namespace !== namespace) continue;
      if (!seen.has(key) && !isWrittenLater(live)) this.#remove(key, live);
    }
    this.#options.onRead();
  }

  #addTombstone(uid: string): void {
    // The objects of some API servers have no UID.
    if (uid === '') return;
    this.#tombstones.add(uid);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    const [oldest] = this.#tombstones;
    if (oldest !== undefined) this.#tombstones.delete(oldest);
  }

  #index(key: string, before: Observations.LiveObject | undefined, after: Observations.LiveObject | undefined): void {
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

function isNews(before: Observations.LiveObject, uid: string, version: string | undefined, isReread: boolean): boolean {
  const held = before.object.metadata;
  // The deletion event of an object may arrive after the response that created another object of the same name.
  if (held.uid !== uid) return isReread || mayBeLaterVersion(version, held.resourceVersion);
  return mayBeLaterVersion(version, held.resourceVersion) || (isReread && version === held.resourceVersion);
}

function isVersionOf(live: Observations.LiveObject | undefined, uid: string, version: string | undefined): boolean {
  return live?.object.metadata.uid === uid && live.object.metadata.resourceVersion === version;
}

/** The ApplySet that the object's label names. */
export function applySetOf(live: Observations.LiveObject | undefined): string | undefined {
  const labels = live?.object.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, keys.PART_OF_LABEL) ? labels[keys.PART_OF_LABEL] : undefined;
}
