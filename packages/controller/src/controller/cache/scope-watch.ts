import { type KubeObject, type ObjectMeta, typeMetaOf, SILENT_WATCH_RETRIES } from '@typekro/kit/core';
import type { KubeError, KubernetesApi } from '@typekro/kube';
import type { ObjectType } from '@typekro/engine/runtime';
import { internString } from './intern.ts';

/** A complete list of a watch. */
export interface CompleteList {
  readonly version: string;
  /** The keys of the listed objects. Other objects no longer exist. */
  readonly seen: ReadonlySet<string>;
  /** The listed objects for which a later version is known, by key. */
  readonly older: ReadonlyMap<string, KubeObject>;
  /** Does the list show an earlier state of the server than previous events did? */
  readonly wentBack: boolean;
}

/** Receives the objects and the state of a watch. */
export interface ScopeListener {
  put(scope: ScopeWatch, object: KubeObject): void;
  /**
   * Is a later version of this object known, or was the object deleted? Called for listed objects only, after `put`.
   */
  isOlder(key: string, object: KubeObject): boolean;
  gone(object: KubeObject): void;
  /** Called with each complete list. */
  sweep(scope: ScopeWatch, list: CompleteList): void;
  /** Called when `synced` changed, or when the error of a watch without a complete list changed. */
  stateChanged(): void;
}

/** One watch of all objects of a kind, or of the objects in one namespace. */
export class ScopeWatch {
  readonly type: ObjectType;
  /** `undefined` for all namespaces. */
  readonly namespace: string | undefined;
  readonly #client: KubernetesApi;
  readonly #listener: ScopeListener;
  /** The list that is being read. */
  #listing: { readonly seen: Set<string>; readonly older: Map<string, KubeObject> } | undefined;
  #watching: AbortController | undefined;
  #running: Promise<void> | undefined;
  #synced = false;
  /** Is the first list since the last start incomplete? */
  #reading = true;
  #error: KubeError | undefined;
  #busy = 0;

  constructor(client: KubernetesApi, type: ObjectType, namespace: string | undefined, listener: ScopeListener) {
    this.#client = client;
    this.type = type;
    this.namespace = namespace;
    this.#listener = listener;
  }

  /** Does the watch know all objects of its scope? */
  get synced(): boolean {
    return this.#synced;
  }

  /** The last error of the watch; `undefined` while the watch works. */
  get error(): KubeError | undefined {
    return this.#error;
  }

  /** Starts or restarts the watch. With `refresh`, the watch is not synced until the next list is complete. */
  start(refresh: boolean): void {
    // An earlier error of a synced watch is dropped. If it persists, the new watch reports it again.
    if (this.#synced) this.#error = undefined;
    if (refresh) this.#synced = false;
    this.#reading = true;
    this.#watching?.abort();
    const watching = new AbortController();
    this.#watching = watching;
    this.#running = this.#follow(watching.signal);
  }

  async stop(): Promise<void> {
    this.#watching?.abort();
    await this.#running;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { type, namespace } = this;
    const options = namespace === undefined ? { signal } : { signal, namespace };
    const events = this.#client.watch(typeMetaOf(type), options);
    for await (const event of events) {
      if (signal.aborted) return;
      switch (event.type) {
        case 'RESTARTED':
          this.#listing = { seen: new Set(), older: new Map() };
          break;
        case 'ADDED':
        case 'MODIFIED':
          this.#put(event.object);
          break;
        case 'DELETED':
          this.#listing?.older.delete(cacheKeyOf(event.object));
          this.#listener.gone(event.object);
          break;
        case 'SYNCED': {
          this.#busy = 0;
          const listing = this.#listing;
          this.#listing = undefined;
          this.#reading = false;
          const { resourceVersion: version, wentBack = false } = event;
          if (listing !== undefined) this.#listener.sweep(this, { ...listing, version, wentBack });
          this.#setState(true, undefined);
          break;
        }
        case 'BOOKMARK':
          break;
        case 'ERROR':
          this.#busy = event.error.status === 429 ? this.#busy + 1 : 0;
          if (this.#busy > 0 && this.#busy <= SILENT_WATCH_RETRIES) break;
          // The known state stays usable while the server cannot be reached, but not when the kind was removed or is
          // forbidden.
          this.#setState(this.#synced && event.error.status !== 404 && event.error.status !== 403, event.error);
      }
    }
  }

  /**
   * Passes an object to the listener. During a list, records whether a later version of the object is known; a later
   * version may itself arrive before a streamed list ends.
   */
  #put(object: KubeObject): void {
    this.#listener.put(this, object);
    if (this.#listing === undefined) return;
    const { seen, older } = this.#listing;
    const key = cacheKeyOf(object);
    seen.add(key);
    if (this.#listener.isOlder(key, object)) older.set(key, object);
    else older.delete(key);
  }

  /** Reports a change of `synced`, or of the error while the list is incomplete. */
  #setState(synced: boolean, error: KubeError | undefined): void {
    const waits = !synced || this.#reading;
    const isChanged = this.#synced !== synced || (waits && this.#error?.message !== error?.message);
    this.#synced = synced;
    this.#error = error;
    if (isChanged) this.#listener.stateChanged();
  }
}

/** The key of an object in the cache of its kind: `namespace/name`. */
export function cacheKey({ namespace = '', name = '' }: Pick<ObjectMeta, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/**
 * The key under which a cache stores an object. The key is interned, because several parts of the cache store the key
 * of an object.
 */
export function cacheKeyOf(object: KubeObject): string {
  return internString(cacheKey(object.metadata));
}
