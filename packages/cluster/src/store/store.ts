import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { callEach } from '../call-each.ts';
import { type Change, type Journal, NotStored, throwOthersThanNotStored } from './journal.ts';
import { EventHistory, HistoryLimits } from './event-history.ts';
import { position, SortedItems, withChanges } from './sorted-items.ts';
import { Stored, versioned } from './stored.ts';
import { shareUnchanged } from '../types/share-unchanged.ts';
import { checkStoredSize, unsharedBytes } from './stored-size.ts';

/** A change of an object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: Collection;
  /** The object after the event. For `DELETED`, its last content with the resource version of the deletion. */
  readonly stored: Stored;
  readonly previous: Stored | undefined;
}

/**
 * Receives events as they happen, in the order of versions. A listener may write. All listeners get the event of such a
 * write after the current event.
 */
export type StoreListener = (event: StoreEvent) => void;

/** The keys of an object in an index. */
type KeysOf = (object: KubeObject) => readonly string[];

/** All objects of one resource. Keys are `namespace/name`, or `name` for cluster-scoped objects. */
export class Collection {
  readonly group: string;
  readonly plural: string;
  readonly #store: Store;
  readonly #items = new Map<string, Stored>();
  readonly #sorted = new SortedItems<Stored>();
  readonly #history: EventHistory<StoreEvent>;
  readonly #listeners = new Set<StoreListener>();
  readonly #indexes = new Map<KeysOf, Map<string, Set<Stored>>>();
  #seed: (() => void) | undefined;

  constructor(store: Store, group: string, plural: string) {
    this.#store = store;
    this.group = group;
    this.plural = plural;
    this.#history = new EventHistory(store.historyLimits, store.version);
  }

  /**
   * Registers objects that clients see from the start, but that are made only when the collection is first read. `make`
   * is called at most once. This call reserves the resource versions of the objects. The objects cause no events.
   */
  seedLater(count: number, make: () => readonly { readonly key: string; readonly object: KubeObject }[]): void {
    const first = this.#store.reserve(count);
    this.#seed = () => {
      for (const [index, { key, object }] of make().slice(0, count).entries()) {
        const version = first + index;
        this.#set(new Stored(key, versioned(object, version), version));
      }
    };
  }

  #ready(): void {
    const seed = this.#seed;
    if (seed === undefined) return;
    this.#seed = undefined;
    seed();
  }

  get size(): number {
    this.#ready();
    return this.#items.size;
  }

  get(key: string): Stored | undefined {
    this.#ready();
    return this.#items.get(key);
  }

  /** All objects, ordered by key. The returned list is never changed. */
  all(): readonly Stored[] {
    this.#ready();
    return this.#sorted.all();
  }

  /** The objects of a namespace, ordered by name; for `''` the objects of all namespaces. */
  inNamespace(namespace: string): readonly Stored[] {
    if (namespace === '') return this.all();
    this.#ready();
    return this.#sorted.between(`${namespace}/`, `${namespace}${AFTER_SLASH}`);
  }

  /** The objects for which `keysOf` returns `key`. The first call with a function reads all objects. */
  having(keysOf: KeysOf, key: string): ReadonlySet<Stored> {
    this.#ready();
    if (!this.#indexes.has(keysOf)) {
      this.#indexes.set(keysOf, new Map());
      for (const stored of this.#items.values()) this.#reindex(undefined, stored);
    }
    return this.#indexes.get(keysOf)?.get(key) ?? new Set();
  }

  #reindex(before: Stored | undefined, after: Stored | undefined): void {
    for (const [keysOf, index] of this.#indexes) {
      for (const key of before === undefined ? [] : keysOf(before.object)) {
        const found = index.get(key);
        found?.delete(before as Stored);
        if (found?.size === 0) index.delete(key);
      }
      for (const key of after === undefined ? [] : keysOf(after.object))
        index.set(key, (index.get(key) ?? new Set()).add(after as Stored));
    }
  }

  /**
   * Stores a new object or new content. The metadata of the object must be complete, except for the resource version.
   *
   * @throws NotStored when the object is too large, when it would exceed the store's quota, and when the store's journal
   *   cannot record the change.
   */
  put(key: string, object: KubeObject): Stored {
    this.#ready();
    const previous = this.#items.get(key);
    const version = this.#store.version + 1;
    // A client sends all parts of an object, and the pods of a template have their neighbours' parts. Without sharing,
    // each object and each version in the history would keep a copy of them.
    const similar = previous === undefined ? this.#sorted.around(key) : [previous];
    for (const known of similar) shareUnchanged(known.object as JsonObject, object as JsonObject);
    checkStoredSize(this.group, object, previous?.object);
    const content = versioned(object, version);
    const replaced = unsharedBytes(previous?.object, content);
    const created = previous === undefined ? STORED_BYTES : 0;
    const growth = unsharedBytes(content, previous?.object) + created - replaced;
    this.#store.keep({ version, of: { group: this.group, plural: this.plural, key, object: content } }, growth);
    const stored = new Stored(key, content, version, previous);
    this.#set(stored);
    this.#publish(
      { type: previous === undefined ? 'ADDED' : 'MODIFIED', collection: this, stored, previous },
      replaced,
    );
    return stored;
  }

  /**
   * Removes an object. `last` is its last content (default: the stored content). Returns `undefined` when the object
   * does not exist.
   *
   * @throws NotStored when the store's journal cannot record the change.
   */
  remove(key: string, last?: KubeObject): Stored | undefined {
    this.#ready();
    const previous = this.#items.get(key);
    if (previous === undefined) return undefined;
    const version = this.#store.version + 1;
    // A deletion leaves nothing that shares parts with the previous version.
    const replaced = unsharedBytes(previous.object, undefined);
    this.#store.keep(
      { version, of: { group: this.group, plural: this.plural, key, object: null } },
      -STORED_BYTES - replaced,
    );
    const stored = new Stored(key, versioned(last ?? previous.object, version), version, previous);
    if (last === undefined) stored.withFormsOf(previous);
    this.#items.delete(key);
    this.#sorted.delete(key);
    this.#reindex(previous, undefined);
    this.#publish({ type: 'DELETED', collection: this, stored, previous }, replaced);
    return stored;
  }

  /** The first `count` events after `version`; `undefined` when some of these events have been dropped. */
  since(version: number, count?: number): readonly StoreEvent[] | undefined {
    return this.#history.since(version, count);
  }

  /**
   * The objects at an earlier version, ordered by key; `undefined` when events after that version have been dropped. A
   * client that reads a large collection in pages must get the objects of the same version on each page.
   */
  at(version: number): readonly Stored[] | undefined {
    const later = this.since(version);
    if (later === undefined) return undefined;
    if (later.length === 0) return this.all();
    const before = new Map<string, Stored | undefined>();
    for (const { stored, previous } of later.toReversed()) before.set(stored.key, previous);
    return withChanges(this.all(), before);
  }

  /** The resource version since which the collection has all events. */
  get oldest(): number {
    return this.#history.oldest;
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Drops the forms of all objects. Called when the served versions have changed. */
  forgetRepresentations(): void {
    for (const stored of this.#items.values()) stored.forget();
  }

  /** Drops all events, as the compaction of etcd does. */
  compact(): void {
    this.#history.clear(this.#store.version);
  }

  /** Drops all events of a resource that is not served any more. */
  end(): void {
    this.#history.end();
  }

  /** Replaces all objects without causing events, and drops earlier events. `items` must be ordered by key. */
  reset(items: readonly Stored[]): void {
    this.#seed = undefined;
    this.#indexes.clear();
    this.#items.clear();
    for (const stored of items) this.#items.set(stored.key, stored);
    this.#sorted.reset(items);
    this.compact();
  }

  #set(stored: Stored) {
    this.#reindex(this.#items.get(stored.key), stored);
    this.#items.set(stored.key, stored);
    this.#sorted.set(stored);
  }

  /** `replaced` is the memory, in bytes, of the parts of the previous version that the present one does not share. */
  #publish(event: StoreEvent, replaced: number) {
    this.#history.add(event.stored.version, event, replaced);
    this.#store.publish(event);
  }

  /**
   * Calls the listeners of the collection, and returns the errors that they threw. Only the store calls this method.
   */
  notify(event: StoreEvent): unknown[] {
    return callEach(this.#listeners, event);
  }
}

/** Returns the objects of a namespace from a list that is sorted by key; for `''`, returns the whole list. */
export function ofNamespace(items: readonly Stored[], namespace: string): readonly Stored[] {
  if (namespace === '') return items;
  return items.slice(position(items, `${namespace}/`), position(items, `${namespace}${AFTER_SLASH}`));
}

/** The index of the first object after `key` in a list that is ordered by key. */
export function positionAfter(items: readonly Stored[], key: string): number {
  const at = position(items, key);
  return items[at]?.key === key ? at + 1 : at;
}

/** The character that follows `/` in ASCII. All keys of a namespace sort between `namespace/` and `namespace0`. */
const AFTER_SLASH = '0';

const memoryOf = (items: readonly Stored[]): number =>
  items.reduce((sum, { object }) => sum + STORED_BYTES + unsharedBytes(object, undefined), 0);

/** The memory, in bytes, of a small object's entries in its collection and of its form as bytes: measured. */
const STORED_BYTES = 1024;

/** The first words are etcd's, by which clients recognize storage without space. */
const QUOTA_EXCEEDED =
  'etcdserver: mvcc: database space exceeded: the objects of the cluster would need more than half of the memory of its process; delete objects, or give Node more memory with --max-old-space-size';

/** All objects of a cluster, and the counter of resource versions that they share. */
export class Store {
  readonly historyLimits: HistoryLimits;
  readonly #quota: number;
  /** The estimated memory of all objects, in bytes, except of those that a collection makes when it is first read. */
  #bytes = 0;
  #version = 1;
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<StoreListener>();
  readonly #recoveryListeners = new Set<() => void>();
  #journal: Journal | undefined;
  /** Has the journal refused changes since it last recorded a change? */
  #isRefusing = false;
  #publishing = false;
  /** The events of writes that listeners make while another event is being published. */
  readonly #waiting: StoreEvent[] = [];

  /**
   * A collection keeps at least its `window` latest events, unless the events of all collections keep objects of more
   * than `maxHistoryBytes`. The oldest events are then dropped, as etcd's compaction does. `quota` limits the memory of
   * all objects, in bytes: changes that would exceed it are refused, as with etcd's flag `--quota-backend-bytes`.
   */
  constructor(window = 10_000, maxHistoryBytes?: number, quota = Infinity) {
    this.historyLimits = new HistoryLimits(window, maxHistoryBytes);
    this.#quota = quota;
  }

  /** The resource version of the latest write. */
  get version(): number {
    return this.#version;
  }

  /** Reserves `count` resource versions. Returns the first reserved version. */
  reserve(count: number): number {
    const first = this.#version + 1;
    this.#version += count;
    return first;
  }

  /**
   * Passes every later change to the journal before the change happens. Returns a function that detaches the journal.
   */
  keepIn(journal: Journal): () => void {
    this.#journal = journal;
    return () => {
      if (this.#journal === journal) this.#journal = undefined;
    };
  }

  /**
   * Passes a change to the journal, and then sets the store's version to the version of the change. `growth` is the
   * memory that the change adds, in bytes; negative when it frees memory.
   *
   * @throws NotStored when the change would exceed the quota, or the journal cannot record it. In this case the version
   *   of the store does not change.
   */
  keep(change: Change, growth = 0): void {
    try {
      if (growth > 0 && this.#bytes + growth > this.#quota) throw new NotStored(QUOTA_EXCEEDED, undefined);
      this.#journal?.keep(change);
    } catch (thrown) {
      this.#isRefusing = true;
      throw thrown;
    }
    this.#version = change.version;
    this.#bytes += growth;
  }

  /**
   * Increases the store's version without a change of an object, as etcd does: each compaction writes its own record,
   * and this write has a version. Does nothing when the journal cannot record the new version, because only reads cause
   * compactions, and reads must not fail because of the journal.
   */
  recordCompaction(): void {
    try {
      this.keep({ version: this.#version + 1 });
    } catch (thrown) {
      if (!(thrown instanceof NotStored)) throw thrown;
    }
  }

  /**
   * Calls `listener` when the journal records a change again after it has refused changes. The refused changes include
   * changes that the listeners of `subscribe` tried to make in response to an event. `listener` must make those changes
   * again.
   */
  onRecovery(listener: () => void): () => void {
    this.#recoveryListeners.add(listener);
    return () => void this.#recoveryListeners.delete(listener);
  }

  collection(group: string, plural: string): Collection {
    const key = `${plural}.${group}`;
    let collection = this.#collections.get(key);
    if (collection === undefined) {
      collection = new Collection(this, group, plural);
      this.#collections.set(key, collection);
    }
    return collection;
  }

  collections(): Iterable<Collection> {
    return this.#collections.values();
  }

  drop(group: string, plural: string): void {
    const key = `${plural}.${group}`;
    const collection = this.#collections.get(key);
    if (collection === undefined) return;
    this.#bytes -= memoryOf(collection.all());
    collection.end();
    this.#collections.delete(key);
  }

  /** The version that the store has after a reset to the content of `version`. */
  versionAfterReset(version: number): number {
    return this.#version > version ? this.#version + 1 : version;
  }

  /**
   * Replaces all objects without causing events. The version counter never decreases: if it is already above `version`,
   * it increases by one. All versions that clients have read before are then too old.
   */
  reset(version: number, contents: Iterable<readonly [Collection, readonly Stored[]]>): void {
    this.#version = this.versionAfterReset(version);
    const kept = new Map(contents);
    this.#bytes = 0;
    for (const collection of this.#collections.values()) {
      const items = kept.get(collection) ?? [];
      collection.reset(items);
      this.#bytes += memoryOf(items);
    }
  }

  /** Calls the listener for every event of every resource. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Calls the listeners of the collection, and then the listeners of the store. The change of the event has already
   * happened, so this method does not throw when the journal refuses a change that a listener makes. The listeners of
   * `onRecovery` make such a refused change later.
   */
  publish(event: StoreEvent): void {
    if (this.#publishing) {
      this.#waiting.push(event);
      return;
    }
    this.#publishing = true;
    const failures: unknown[] = [];
    for (let next: StoreEvent | undefined = event; next !== undefined; next = this.#waiting.shift()) {
      failures.push(...next.collection.notify(next), ...callEach(this.#listeners, next));
    }
    this.#publishing = false;
    if (this.#isRefusing && !failures.some((thrown) => thrown instanceof NotStored)) {
      this.#isRefusing = false;
      failures.push(...callEach(this.#recoveryListeners));
    }
    throwOthersThanNotStored(failures);
  }
}

/** The key of an object in its collection. */
export const storeKey = (namespace: string, name: string): string => (namespace === '' ? name : `${namespace}/${name}`);
