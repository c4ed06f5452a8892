import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { KubeError, KubernetesApi } from '../../kube/index.ts';
import type { LiveObject, ObjectType, SettledPair } from '../../runtime/index.ts';
import { isLater } from './versions.ts';

/** What a cache tells of one object; `before` or `after` is absent when it came or went. */
export interface CacheChange {
  readonly type: ObjectType;
  readonly key: string;
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
}

/** How a cache of one kind works. */
export interface KindCacheOptions {
  readonly client: KubernetesApi;
  readonly type: ObjectType;
  /** What is kept of an object. Asked for every object that comes in. */
  readonly project: (object: KubeObject) => LiveObject;
  readonly onChange: (change: CacheChange) => void;
  /** The state changed: it is in step with the server now, or it cannot be read. */
  readonly onState: (cache: KindCache) => void;
}

/** Label by which the members of an ApplySet are found. */
const PART_OF = 'applyset.kubernetes.io/part-of';

/** How many UIDs of deleted objects are remembered, so that a late answer does not bring them back. */
const MOST_DEAD = 10_000;

/**
 * All objects of one kind, as projections, kept in step by one watch. Answers to our own writes are put
 * in as well (`observe`), so that the next decision sees them without waiting for their event.
 */
export class KindCache {
  readonly type: ObjectType;
  readonly #options: KindCacheOptions;
  readonly #objects = new Map<string, LiveObject>();
  readonly #settled = new Map<string, SettledPair>();
  readonly #members = new Map<string, Set<string>>();
  readonly #dead = new Set<string>();
  /** Objects whose projection was made before the last refresh: what they hold may be too little. */
  readonly #stale = new Set<string>();
  #seen: Set<string> | undefined;
  #watching: AbortController | undefined;
  #running: Promise<void> | undefined;
  #synced = false;
  #error: KubeError | undefined;

  constructor(options: KindCacheOptions) {
    this.#options = options;
    this.type = options.type;
  }

  /** Does it hold everything that the server has? */
  get synced(): boolean {
    return this.#synced;
  }

  /** Why it cannot be read; absent while all is well. */
  get error(): KubeError | undefined {
    return this.#error;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Begins to watch, or begins anew: with `refresh` what is held counts as unknown until it was read again. */
  start(refresh = false): void {
    if (refresh) {
      this.#synced = false;
      for (const key of this.#objects.keys()) this.#stale.add(key);
    }
    this.#watching?.abort();
    const watching = new AbortController();
    this.#watching = watching;
    this.#running = this.#follow(watching.signal);
  }

  async stop(): Promise<void> {
    this.#watching?.abort();
    await this.#running;
  }

  /** What is held of an object; nothing while it has to be read again because graphs read more of it now. */
  get(key: string): LiveObject | undefined {
    if (this.#stale.has(key)) return undefined;
    const live = this.#objects.get(key);
    const settled = this.#settled.get(key);
    return live === undefined || settled === undefined ? live : { ...live, settled };
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  values(): Iterable<LiveObject> {
    return this.#objects.values();
  }

  /** The members of an ApplySet that are of this kind. */
  membersOf(applySet: string): LiveObject[] {
    const keys = this.#members.get(applySet) ?? [];
    return [...keys].flatMap((key) => this.get(key) ?? []);
  }

  /** What the server answered to a write: known at once, its event will bring nothing new. */
  observe(object: KubeObject): void {
    this.#put(object);
  }

  /** The object is gone, as the answer to a write said. */
  observeGone(key: string, uid: string): void {
    this.#bury(uid);
    const before = this.#objects.get(key);
    if (before?.object.metadata.uid === uid) this.#remove(key, before);
  }

  /** Remembers that the desired digest is satisfied by the owned one. */
  settle(key: string, pair: SettledPair): void {
    this.#settled.set(key, pair);
    const live = this.#objects.get(key);
    if (live?.whole === undefined || live.owned !== pair.owned) return;
    const { whole: _whole, ...projected } = live;
    this.#objects.set(key, projected);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const { type } = this;
    const events = client.watch({ apiVersion: formatApiVersion(type), kind: type.kind }, { signal });
    for await (const event of events) {
      if (signal.aborted) return;
      switch (event.type) {
        case 'RESTARTED':
          this.#seen = new Set();
          break;
        case 'ADDED':
        case 'MODIFIED':
          this.#seen?.add(keyOf(event.object));
          this.#put(event.object);
          break;
        case 'DELETED':
          this.#bury(event.object.metadata.uid ?? '');
          this.#drop(event.object);
          break;
        case 'SYNCED':
          this.#sweep(event.resourceVersion);
          this.#setState(true, undefined);
          break;
        case 'BOOKMARK':
          break;
        case 'ERROR':
          // What was read stays good while the server is away; a kind that is gone or forbidden is not.
          this.#setState(this.#synced && event.error.status !== 404 && event.error.status !== 403, event.error);
      }
    }
  }

  /** Tells only what matters to readers: that all is there now, that it is not, or another reason why not. */
  #setState(synced: boolean, error: KubeError | undefined): void {
    const told = this.#synced !== synced || (!synced && this.#error?.message !== error?.message);
    this.#synced = synced;
    this.#error = error;
    if (told) this.#options.onState(this);
  }

  #put(object: KubeObject): void {
    const { uid = '', resourceVersion } = object.metadata;
    if (this.#dead.has(uid)) return;
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && !this.#isNews(before, uid, resourceVersion)) return;
    if (before !== undefined && before.object.metadata.uid !== uid) this.#settled.delete(key);
    const projected = this.#options.project(object);
    const settled = this.#settled.get(key);
    // Somebody may have changed what is ours: the whole object tells which fields, and who.
    const after =
      settled === undefined || settled.owned === projected.owned ? projected : { ...projected, whole: object };
    this.#objects.set(key, after);
    this.#stale.delete(key);
    this.#index(key, before, after);
    this.#options.onChange({ type: this.type, key, before, after });
  }

  #isNews(before: LiveObject, uid: string, version: string | undefined): boolean {
    const held = before.object.metadata;
    if (held.uid !== uid) return true;
    // During a new listing the same version is news, too: more may be kept of it than before.
    return isLater(version, held.resourceVersion) || (!this.#synced && version === held.resourceVersion);
  }

  #drop(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    // Another object of the same name may have been written by us before the event of the old one's end came.
    if (before?.object.metadata.uid === object.metadata.uid && before !== undefined) this.#remove(key, before);
  }

  #remove(key: string, before: LiveObject): void {
    this.#objects.delete(key);
    this.#settled.delete(key);
    this.#stale.delete(key);
    this.#index(key, before, undefined);
    this.#options.onChange({ type: this.type, key, before, after: undefined });
  }

  /** After a listing: what it did not name is gone, unless we wrote it after the list was made. */
  #sweep(listVersion: string): void {
    const seen = this.#seen;
    this.#seen = undefined;
    if (seen === undefined) return;
    for (const [key, live] of this.#objects) {
      if (!seen.has(key) && !isLater(live.object.metadata.resourceVersion, listVersion)) this.#remove(key, live);
    }
  }

  #bury(uid: string): void {
    this.#dead.add(uid);
    if (this.#dead.size <= MOST_DEAD) return;
    const [oldest] = this.#dead;
    if (oldest !== undefined) this.#dead.delete(oldest);
  }

  #index(key: string, before: LiveObject | undefined, after: LiveObject | undefined): void {
    const old = applySetOf(before);
    const next = applySetOf(after);
    if (old === next) return;
    if (old !== undefined) {
      const keys = this.#members.get(old);
      keys?.delete(key);
      if (keys?.size === 0) this.#members.delete(old);
    }
    if (next === undefined) return;
    const keys = this.#members.get(next);
    if (keys === undefined) this.#members.set(next, new Set([key]));
    else keys.add(key);
  }
}

/** The key of an object within its kind: `namespace/name`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

/** The ApplySet that an object says it belongs to. */
export function applySetOf(live: LiveObject | undefined): string | undefined {
  const labels = live?.object.metadata.labels;
  return labels !== undefined && Object.hasOwn(labels, PART_OF) ? labels[PART_OF] : undefined;
}
