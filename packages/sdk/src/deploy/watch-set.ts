import { type KubeObject, formatApiVersion, typeMetaOf, definedMembers } from '@typekro/kit/core';
import type { KubernetesApi, WatchEvent } from '@typekro/kube';
import type { ObjectTarget, ObjectType, Targets } from '@typekro/engine/runtime';

/** Receives the changes of a watch: the current object, or with `gone` the deleted one. */
export type ObjectListener = (type: ObjectType, object: KubeObject, gone: boolean) => void;

/** A request to watch an object or a list. An object is watched by the watch of its kind. */
export type Watched =
  | { readonly kind: 'object'; readonly target: ObjectTarget }
  | { readonly kind: 'list'; readonly target: Targets.ListTarget };

/**
 * One open watch: of all objects of a kind in a namespace or in the cluster, or of the objects that match a selector.
 */
interface WatchSpec {
  readonly key: string;
  readonly type: ObjectType;
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/**
 * The state of an object according to a watch. `exists` is `undefined` when no synced watch covers the object. It is
 * also `undefined` for an object of another owner whose content the watch has not kept.
 */
export interface WatchedObject {
  readonly exists: boolean | undefined;
  readonly object?: KubeObject;
}

/** One running watch, and its objects. */
class OpenWatch {
  readonly stopped = new AbortController();
  /** Objects by identity. After an interruption the earlier objects stay until the watch is synced again. */
  readonly objects = new Map<string, KubeObject>();
  /**
   * The UIDs of other owners' objects, by identity. The content of these objects is not kept, because a namespace may
   * have thousands of large objects.
   */
  readonly others = new Map<string, string | undefined>();
  /**
   * The identities of the objects that a step requested. The watch keeps the content of these objects from their next
   * event on, even when they have another owner.
   */
  readonly named = new Set<string>();
  /**
   * Resolves to true when the watch has reported all objects. Resolves to false when the watch fails or is closed
   * before that.
   */
  readonly synced: Promise<boolean>;
  readonly spec: WatchSpec;
  settle: (synced: boolean) => void = () => {};

  constructor(spec: WatchSpec) {
    this.spec = spec;
    this.synced = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.stopped.signal.addEventListener('abort', () => this.settle(false), { once: true });
  }

  /**
   * Records an object. Its content is kept only when the deploy may read the object, a step requested it, or the watch
   * has a selector.
   */
  record(object: KubeObject, mayRead: (object: KubeObject) => boolean): void {
    const key = identity(object);
    const isKept = this.spec.labelSelector !== undefined || this.named.has(key) || mayRead(object);
    this.forget(key);
    if (isKept) this.objects.set(key, object);
    else this.others.set(key, object.metadata.uid);
  }

  forget(key: string): void {
    this.objects.delete(key);
    this.others.delete(key);
  }

  /**
   * The known objects whose identities are not in `shown`. Of an object of another owner, only the identity and the UID
   * are known.
   */
  gone(shown: ReadonlySet<string>): KubeObject[] {
    const { kind } = this.spec.type;
    const apiVersion = formatApiVersion(this.spec.type);
    const others = [...this.others].map(([key, uid]) => {
      const [namespace, name] = key.split('/') as [string, string];
      const place = namespace === '' ? {} : { namespace };
      return { apiVersion, kind, metadata: { name, ...place, ...(uid === undefined ? {} : { uid }) } };
    });
    return [...this.objects.values(), ...others].filter((object) => !shown.has(identity(object)));
  }
}

/**
 * The watches of one deploy. Objects of one kind and namespace share a watch, so that a deploy of many objects opens
 * few watches. `set` receives all watches that a decision needs, and closes the other watches.
 */
export class WatchSet {
  readonly #api: KubernetesApi;
  readonly #onChange: ObjectListener;
  readonly #mayRead: (object: KubeObject) => boolean;
  readonly #open = new Map<string, OpenWatch>();
  readonly #running = new Set<Promise<void>>();

  /**
   * `mayRead` returns whether the deploy may read an object. For other objects, a watch keeps only the identity and the
   * UID, unless a step requested the object or the watch has a selector.
   */
  constructor(api: KubernetesApi, onChange: ObjectListener, mayRead: (object: KubeObject) => boolean) {
    this.#api = api;
    this.#onChange = onChange;
    this.#mayRead = mayRead;
  }

  /** Opens missing watches and closes unused ones. */
  set(requests: readonly Watched[]): void {
    const wanted = new Map(requests.map((request) => [specOf(request).key, specOf(request)]));
    for (const [key, watch] of this.#open) {
      if (wanted.has(key)) continue;
      watch.stopped.abort();
      this.#open.delete(key);
    }
    for (const [key, spec] of wanted) {
      if (this.#open.has(key)) continue;
      const watch = new OpenWatch(spec);
      this.#open.set(key, watch);
      const running = this.#follow(watch).finally(() => {
        watch.settle(false);
        this.#running.delete(running);
      });
      this.#running.add(running);
    }
    for (const request of requests) {
      if (request.kind !== 'object') continue;
      const { namespace, name } = request.target;
      this.#open.get(specOf(request).key)?.named.add(identityOf(namespace, name));
    }
  }

  /**
   * The state of an object according to the watch of its kind with this label selector. Waits until the watch is
   * synced.
   */
  async look(target: ObjectTarget, selector = ''): Promise<WatchedObject> {
    const watch = this.#open.get(keyOf(target.type, target.namespace, selector));
    if (watch === undefined || !(await watch.synced)) return { exists: undefined };
    const key = identityOf(target.namespace, target.name);
    const object = watch.objects.get(key);
    if (object !== undefined) return { exists: true, object };
    return { exists: watch.others.has(key) ? undefined : false };
  }

  /**
   * The objects of a kind in these namespaces that the deploy may read (`mayRead`). An object of another owner is left
   * out, even when a step has requested this object. For a cluster-scoped kind, the namespaces are ignored. Returns
   * `undefined` when a namespace has no synced watch.
   */
  async lookAll(group: string, kind: string, namespaces: readonly string[]): Promise<KubeObject[] | undefined> {
    const watches = [...this.#open.values()].filter(
      ({ spec }) => spec.type.group === group && spec.type.kind === kind && spec.labelSelector === undefined,
    );
    const isNamespaced = watches.some(({ spec }) => spec.type.namespaced);
    const places = isNamespaced ? namespaces : [undefined];
    const found: KubeObject[] = [];
    for (const place of places) {
      const watch = watches.find(({ spec }) => spec.namespace === place);
      if (watch === undefined || !(await watch.synced)) return undefined;
      for (const object of watch.objects.values()) if (this.#mayRead(object)) found.push(object);
    }
    return found;
  }

  /** Closes all watches. Resolves when no watch reports changes any more. */
  async close(): Promise<void> {
    for (const watch of this.#open.values()) watch.stopped.abort();
    this.#open.clear();
    await Promise.all(this.#running);
  }

  async #follow(watch: OpenWatch): Promise<void> {
    const { type, namespace, labelSelector } = watch.spec;
    const { signal } = watch.stopped;
    const events: AsyncIterable<WatchEvent> = this.#api.watch(typeMetaOf(type), {
      signal,
      ...definedMembers({ namespace, labelSelector }),
    });
    // The objects that were reported since the last interruption. When the watch is synced, every known object that is
    // not in this set has been deleted.
    let shown = new Set<string>();
    for await (const event of events) {
      if (signal.aborted) return;
      switch (event.type) {
        case 'ADDED':
        case 'MODIFIED':
          shown.add(identity(event.object));
          watch.record(event.object, this.#mayRead);
          this.#onChange(type, event.object, false);
          break;
        case 'DELETED':
          watch.forget(identity(event.object));
          this.#onChange(type, event.object, true);
          break;
        case 'RESTARTED':
          shown = new Set();
          break;
        case 'SYNCED':
          for (const object of watch.gone(shown)) {
            watch.forget(identity(object));
            this.#onChange(type, object, true);
          }
          watch.settle(true);
          break;
        case 'ERROR':
          watch.settle(false); // the watch keeps retrying, but no read waits for it
          break;
        case 'BOOKMARK':
          break;
      }
    }
  }
}

function identity({ metadata }: KubeObject): string {
  return identityOf(metadata.namespace, metadata.name);
}

function identityOf(namespace = '', name = ''): string {
  return `${namespace}/${name}`;
}

function keyOf(type: ObjectType, namespace = '', selector = ''): string {
  return `${type.plural}.${type.group}/${namespace}?${selector}`;
}

function specOf(request: Watched): WatchSpec {
  const { type, namespace } = request.target;
  const selector = request.kind === 'object' ? '' : request.target.selector;
  return {
    key: keyOf(type, namespace, selector),
    type,
    ...(namespace === undefined ? {} : { namespace }),
    ...(selector === '' ? {} : { labelSelector: selector }),
  };
}
