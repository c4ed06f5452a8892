import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { KubeError, KubernetesApi } from '../../kube/index.ts';
import type { ObjectType } from '../../runtime/index.ts';
import { internString } from './intern.ts';

/** Who is told what a watch brings. */
export interface ScopeListener {
  put(scope: ScopeWatch, object: KubeObject): void;
  gone(object: KubeObject): void;
  /** Everything was named that there is at this version; what was not is gone. */
  sweep(scope: ScopeWatch, seen: ReadonlySet<string>, version: string): void;
  /** It is in step with the server now, or no longer is, or for another reason. */
  stateChanged(): void;
}

/**
 * So often in a row a watch and the list instead of it may be told to come later (429), as for moments after a kind was
 * made, before that counts as an error.
 */
const SILENT_RETRIES = 2;

/** One watch: of all objects of a kind, or of those in one namespace. */
export class ScopeWatch {
  readonly type: ObjectType;
  /** Absent: all namespaces. */
  readonly namespace: string | undefined;
  readonly #client: KubernetesApi;
  readonly #listener: ScopeListener;
  #seen: Set<string> | undefined;
  #watching: AbortController | undefined;
  #running: Promise<void> | undefined;
  #synced = false;
  /** Is everything still to be read since it began, or began anew? */
  #reading = true;
  #error: KubeError | undefined;
  #busy = 0;

  constructor(client: KubernetesApi, type: ObjectType, namespace: string | undefined, listener: ScopeListener) {
    this.#client = client;
    this.type = type;
    this.namespace = namespace;
    this.#listener = listener;
  }

  /** Does it know everything that the server has? */
  get synced(): boolean {
    return this.#synced;
  }

  /** Why it cannot be read; absent while all is well. */
  get error(): KubeError | undefined {
    return this.#error;
  }

  /** Begins, or begins anew; with `refresh` what is known counts for nothing until it was read again. */
  start(refresh: boolean): void {
    // What a watch that was in step ran into is over, or will be told again.
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
          this.#seen?.add(keyOf(event.object));
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
          // What was read stays good while the server is away; a kind that is gone or forbidden is not.
          this.#setState(this.#synced && event.error.status !== 404 && event.error.status !== 403, event.error);
      }
    }
  }

  /** Tells only what matters to readers: that all is there now, that it is not, or another reason why not. */
  #setState(synced: boolean, error: KubeError | undefined): void {
    const waits = !synced || this.#reading;
    const told = this.#synced !== synced || (waits && this.#error?.message !== error?.message);
    this.#synced = synced;
    this.#error = error;
    if (told) this.#listener.stateChanged();
  }
}

/** The key of an object within its kind: `namespace/name`. */
export function keyOf(object: KubeObject): string {
  // Kept by the thousand: joined, a text is one piece; a template keeps its pieces as well.
  return internString([object.metadata.namespace ?? '', object.metadata.name ?? ''].join('/'));
}
