import type { KubeObject, ObjectRef } from '../core/index.ts';
import { KubeError } from './error.ts';
import type { ApiResource, CallOptions, KubernetesApi, ListOptions, ObjectList, ResourceType } from './types.ts';

/** Reads by name of one kind in one place, after which one list of names takes the place of the others. */
const MAX_SINGLE_READS = 3;

/** Namespaces with a list of their own, after which one list of all namespaces takes the place of the others. */
const MAX_NAMESPACE_LISTS = 2;

/**
 * The same API for one report: every object and every list is read once, and what a list holds is not read again. A
 * list of names answers for many objects of one kind, and a list of all namespaces for many namespaces, as far as the
 * user may ask for these. Other calls go through. The report shows the cluster at the time of each first read.
 */
export function readSession(api: KubernetesApi): KubernetesApi {
  const reads = new SharedReads(api);
  return {
    discovery: { ...api.discovery, all: (options) => reads.kinds(options) },
    get: (ref, options) => api.get(ref, options),
    find: (ref, options) => reads.find(ref, options),
    list: (type, options) => reads.list(type, options),
    create: (object, options) => api.create(object, options),
    update: (object, options) => api.update(object, options),
    patch: (ref, body, options) => api.patch(ref, body, options),
    apply: (object, options) => api.apply(object, options),
    delete: (ref, options) => api.delete(ref, options),
    watch: (type, options) => api.watch(type, options),
    as: (impersonate) => api.as(impersonate),
    ...(api.measure === undefined ? {} : { measure: (meter) => api.measure?.(meter) ?? (() => undefined) }),
    raw: (request) => api.raw(request),
    close: () => api.close(),
  };
}

class SharedReads {
  readonly #api: KubernetesApi;
  #kinds: Promise<readonly ApiResource[]> | undefined;
  #learned: Promise<void> | undefined;
  readonly #lists = new Map<string, Promise<ObjectList>>();
  readonly #objects = new Map<string, Promise<KubeObject | undefined>>();
  readonly #names = new Map<string, Promise<ReadonlySet<string> | undefined>>();
  /** Reads by name of each kind and namespace. */
  readonly #singles = new Map<string, number>();
  /** Namespaces of each kind and selector that were listed by themselves. */
  readonly #namespaces = new Map<string, number>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async find(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject | undefined> {
    await this.#learn(options);
    return remember(this.#objects, objectKey(ref), async () => {
      const place = `${typeKey(ref)} ${ref.namespace ?? ''}`;
      const single = (this.#singles.get(place) ?? 0) + 1;
      this.#singles.set(place, single);
      if (single <= MAX_SINGLE_READS) return this.#api.find(ref, options);
      const names = await remember(this.#names, place, () => this.#namesIn(ref, options));
      return names === undefined || names.has(ref.name) ? this.#api.find(ref, options) : undefined;
    });
  }

  /** The names of a kind in a namespace; `undefined` where they may not be listed. */
  #namesIn({ apiVersion, kind, namespace }: ObjectRef, { signal }: CallOptions): Promise<Set<string> | undefined> {
    const place = namespace === undefined ? {} : { namespace };
    return unlessFailed(async () => {
      const options = { ...place, metadataOnly: true, ...(signal === undefined ? {} : { signal }) };
      const { items } = await this.#api.list({ apiVersion, kind }, options);
      return new Set(items.map(({ metadata }) => metadata.name ?? ''));
    });
  }

  async list(type: ResourceType, options: ListOptions = {}): Promise<ObjectList> {
    await this.#learn(options);
    const { namespace, labelSelector } = options;
    const own = `${listKey(type, options)} ${namespace ?? ''}`;
    return remember(this.#lists, own, async () => {
      if (namespace === undefined || labelSelector === undefined) return this.#read(type, options);
      const each = listKey(type, options);
      const count = (this.#namespaces.get(each) ?? 0) + 1;
      this.#namespaces.set(each, count);
      if (count <= MAX_NAMESPACE_LISTS) return this.#read(type, options);
      const { namespace: _namespace, ...everywhere } = options;
      const all = await unlessFailed(() => this.list(type, everywhere));
      if (all === undefined) return this.#read(type, options);
      return { ...all, items: all.items.filter(({ metadata }) => metadata.namespace === namespace) };
    });
  }

  async #read(type: ResourceType, options: ListOptions): Promise<ObjectList> {
    const list = await this.#api.list(type, options);
    if (options.metadataOnly === true) return list;
    for (const item of list.items) {
      const { name = '', namespace } = item.metadata;
      const ref = { ...type, name, ...(namespace === undefined ? {} : { namespace }) };
      this.#objects.set(objectKey(ref), Promise.resolve(item));
    }
    return list;
  }

  kinds({ signal }: CallOptions = {}): Promise<readonly ApiResource[]> {
    this.#kinds ??= this.#api.discovery.all(signal === undefined ? {} : { signal });
    return this.#kinds;
  }

  /** All kinds at once, in place of a request for each group and version. */
  #learn(options: CallOptions): Promise<void> {
    this.#learned ??= (async () => {
      const all = await unlessFailed(() => this.kinds(options));
      for (const resource of all ?? []) this.#api.discovery.learn(resource);
    })();
    return this.#learned;
  }
}

/** The value of a key, or what is computed now for all who ask. A failure is kept, too. */
function remember<Value>(map: Map<string, Promise<Value>>, key: string, compute: () => Promise<Value>): Promise<Value> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = compute();
  map.set(key, value);
  return value;
}

/** The value, or `undefined` where the server does not give it. */
async function unlessFailed<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

const typeKey = ({ apiVersion, kind }: ResourceType): string => `${apiVersion} ${kind}`;
const objectKey = (ref: ObjectRef): string => `${typeKey(ref)} ${ref.namespace ?? ''}/${ref.name}`;

function listKey(type: ResourceType, options: ListOptions): string {
  const { labelSelector, fieldSelector, metadataOnly, resourceVersion, limit } = options;
  return JSON.stringify([typeKey(type), labelSelector, fieldSelector, metadataOnly, resourceVersion, limit]);
}
