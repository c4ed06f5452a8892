import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { KubeError, KubernetesApi } from '../../kube/index.ts';
import type { ObjectType } from '../../runtime/index.ts';
import { internString } from './intern.ts';

/** Receives the objects and the state of a watch. */
export interface ScopeListener {
  put(scope: ScopeWatch, object: KubeObject): void;
  gone(object: KubeObject): void;
  /** A list at this version is complete. Objects that are not in `seen` do not exist any more. */
  sweep(scope: ScopeWatch, seen: ReadonlySet<string>, version: string): void;
  /** Called when `synced` changed, or the error of a watch without a complete list. */
  stateChanged(): void;
}

/**
 * The number of consecutive 429 responses that are not reported as an error. The API server sends 429 for a moment
 * after a kind was created.
 */
const SILENT_RETRIES = 2;

/** One watch of all objects of a kind, or of the objects in one namespace. */
export class ScopeWatch {
  readonly type: ObjectType;
  /** `undefined` for all namespaces. */
  readonly namespace: string | undefined;
  readonly #client: KubernetesApi;
  readonly #listener: ScopeListener;
  #seen: Set<string> | undefined;
  #watching: AbortController | undefined;
  #running: Promise<void> | undefined;
  #synced = false;
  /** Is the list since the last start incomplete? */
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
    const events = this.#client.watch({ apiVersion: formatApiVersion(type), kind: type.kind }, options);
    for await (const event of events) {
      if (signal.aborted) return;
      switch (event.type) {
        case 'RESTARTED':
          this.#seen = new Set();
          break;
        case 'ADDED':
        case 'MODIFIED':
          this.#seen?.add(cacheKeyOf(event.object));
          this.#listener.put(this, event.object);
          break;
        case 'DELETED':
          this.#listener.gone(event.object);
          break;
        case 'SYNCED': {
          this.#busy = 0;
          const seen = this.#seen;
          this.#seen = undefined;
          this.#reading = false;
          if (seen !== undefined) this.#listener.sweep(this, seen, event.resourceVersion);
          this.#setState(true, undefined);
          break;
        }
        case 'BOOKMARK':
          break;
        case 'ERROR':
          this.#busy = event.error.status === 429 ? this.#busy + 1 : 0;
          if (this.#busy > 0 && this.#busy <= SILENT_RETRIES) break;
          // The known state stays usable while the server cannot be reached, but not when the kind was removed or is
          // forbidden.
          this.#setState(this.#synced && event.error.status !== 404 && event.error.status !== 403, event.error);
      }
    }
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

/** The key of an object within its kind: `namespace/name`. */
export function cacheKeyOf(object: KubeObject): string {
  return internString(`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`);
}
