import type { KubeObject } from '../core/index.ts';
import { formatApiVersion } from '../core/index.ts';
import type { KubernetesApi, WatchEvent } from '../kube/index.ts';
import type { ObjectType, WatchRequest } from '../runtime/index.ts';

/** What a watch tells: an object as it is now, or that it is gone. */
export type ObjectChange = (type: ObjectType, object: KubeObject, gone: boolean) => void;

/** One open watch: everything of a kind that belongs to one ApplySet, or an object or list of somebody else. */
interface WatchSpec {
  readonly key: string;
  readonly type: ObjectType;
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/**
 * The watches of one deploy. Objects of one kind and namespace share a watch, so that a deploy of many
 * objects opens few; `set` takes the complete list of each decision and closes what is no longer wanted.
 */
export class WatchSet {
  readonly #api: KubernetesApi;
  readonly #onChange: ObjectChange;
  readonly #open = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();

  constructor(api: KubernetesApi, onChange: ObjectChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** Opens what is missing and closes what is not asked for any more. */
  set(requests: readonly WatchRequest[]): void {
    const wanted = new Map(requests.map((request) => [specOf(request).key, specOf(request)]));
    for (const [key, controller] of this.#open) {
      if (wanted.has(key)) continue;
      controller.abort();
      this.#open.delete(key);
    }
    for (const [key, spec] of wanted) {
      if (this.#open.has(key)) continue;
      const controller = new AbortController();
      this.#open.set(key, controller);
      const running = this.#follow(spec, controller.signal).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  /** Closes all watches; settles when none reports any more. */
  async close(): Promise<void> {
    for (const controller of this.#open.values()) controller.abort();
    this.#open.clear();
    await Promise.all(this.#running);
  }

  async #follow(spec: WatchSpec, signal: AbortSignal): Promise<void> {
    const { type, namespace, labelSelector } = spec;
    const events: AsyncIterable<WatchEvent> = this.#api.watch(
      { apiVersion: formatApiVersion(type), kind: type.kind },
      {
        signal,
        ...(namespace === undefined ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
      },
    );
    // What this watch has shown; after an interruption, what does not come again is gone.
    let shown = new Map<string, KubeObject>();
    let before = shown;
    for await (const event of events) {
      if (signal.aborted) return;
      switch (event.type) {
        case 'ADDED':
        case 'MODIFIED':
          shown.set(identity(event.object), event.object);
          this.#onChange(type, event.object, false);
          break;
        case 'DELETED':
          shown.delete(identity(event.object));
          this.#onChange(type, event.object, true);
          break;
        case 'RESTARTED':
          before = shown;
          shown = new Map();
          break;
        case 'SYNCED':
          for (const [key, object] of before) if (!shown.has(key)) this.#onChange(type, object, true);
          before = shown;
          break;
        case 'BOOKMARK':
        case 'ERROR':
          break; // the watch itself gets over both
      }
    }
  }
}

function identity(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function specOf(request: WatchRequest): WatchSpec {
  const { type, namespace } = request.target;
  const where = `${type.plural}.${type.group}/${namespace ?? ''}`;
  const scope = namespace === undefined ? { type } : { type, namespace };
  if (request.kind === 'object') return { ...scope, key: where };
  const { selector } = request.target;
  return { ...scope, key: `${where}?${selector}`, ...(selector === '' ? {} : { labelSelector: selector }) };
}
