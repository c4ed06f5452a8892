import { getOrInsert } from '@typekro/kit/core';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { KubeError } from './kube-error.ts';
import type { ApiResource, CallOptions, KubernetesApi, ListOptions, ObjectList, ResourceType } from './kube-api.ts';

/**
 * The number of objects per kind and namespace that are read by name without a list. Before the next such read, a list
 * of names shows which objects exist, and from then on only existing objects are read.
 */
const MAX_SINGLE_READS = 3;

/**
 * The number of namespaces that are listed separately, per kind and label selector. After them, one list of all
 * namespaces replaces additional lists with the same selector, if the user may read it.
 */
const MAX_NAMESPACE_LISTS = 2;

/**
 * Wraps an API for one report. `get`, `find` and `list` read each object and each list once, and an object in a list is
 * not read again. If the user may list a kind, one list of names replaces the reads of many absent objects. If the user
 * may list all namespaces, one list replaces the lists of many namespaces with the same label selector. `discovery.all`
 * is called once. All other calls, including writes, go to the API and do not change the kept results. The report shows
 * each object at the time of its first read: a later list contains the object in this state. A later list leaves out an
 * object that was absent at its first read, or that was deleted since then. Lists with `metadataOnly` are returned as
 * the server sends them, and lists with `onPage` are not kept.
 */
export function readSession(api: KubernetesApi): KubernetesApi {
  const reads = new SharedReads(api);
  return {
    discovery: { ...api.discovery, all: (options) => reads.kinds(options) },
    // For an absent object, `get` throws the server's own error.
    get: async (ref, options) => (await reads.find(ref, options)) ?? api.get(ref, options),
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
  /** Maps a kind and namespace to the number of objects that were requested by name. */
  readonly #singles = new Map<string, number>();
  /** Maps a kind and selector to the number of listed namespaces. */
  readonly #namespaces = new Map<string, number>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async find(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject | undefined> {
    await this.#learn(options);
    return getOrInsert(this.#objects, objectKey(ref), async () => {
      const place = `${typeKey(ref)} ${ref.namespace ?? ''}`;
      const single = (this.#singles.get(place) ?? 0) + 1;
      this.#singles.set(place, single);
      if (single <= MAX_SINGLE_READS) return this.#api.find(ref, options);
      const names = await getOrInsert(this.#names, place, () => this.#namesIn(ref, options));
      return names === undefined || names.has(ref.name) ? this.#api.find(ref, options) : undefined;
    });
  }

  /** The names of the objects of a kind in a namespace; `undefined` when the list fails. */
  async #namesIn(
    { apiVersion, kind, namespace }: ObjectRef,
    { signal }: CallOptions,
  ): Promise<Set<string> | undefined> {
    const place = namespace === undefined ? {} : { namespace };
    const options = { ...place, metadataOnly: true, ...(signal === undefined ? {} : { signal }) };
    const found = await unlessFailed(this.#api.list({ apiVersion, kind }, options));
    return found && new Set(found.items.map(({ metadata }) => metadata.name ?? ''));
  }

  async list(type: ResourceType, options: ListOptions = {}): Promise<ObjectList> {
    await this.#learn(options);
    // The caller takes the pages, and may change their objects.
    if (options.onPage !== undefined) return this.#api.list(type, options);
    const { namespace, labelSelector } = options;
    const own = `${listKey(type, options)} ${namespace ?? ''}`;
    return getOrInsert(this.#lists, own, async () => {
      if (namespace === undefined || labelSelector === undefined) return this.#read(type, options);
      const each = listKey(type, options);
      const count = (this.#namespaces.get(each) ?? 0) + 1;
      this.#namespaces.set(each, count);
      if (count <= MAX_NAMESPACE_LISTS) return this.#read(type, options);
      const { namespace: _namespace, ...everywhere } = options;
      const all = await unlessFailed(this.list(type, everywhere));
      if (all === undefined) return this.#read(type, options);
      return { ...all, items: all.items.filter(({ metadata }) => metadata.namespace === namespace) };
    });
  }

  async #read(type: ResourceType, options: ListOptions): Promise<ObjectList> {
    const list = await this.#api.list(type, options);
    if (options.metadataOnly === true) return list;
    const items = await Promise.all(list.items.map((item) => this.#firstRead(type, item)));
    return { ...list, items: items.filter((item) => item !== undefined) };
  }

  /**
   * The result of the first read of a listed object; `undefined` when the object was absent at that time. If the first
   * read failed, the result is the listed object.
   */
  async #firstRead(type: ResourceType, item: KubeObject): Promise<KubeObject | undefined> {
    const { name = '', namespace } = item.metadata;
    const key = objectKey({ ...type, name, ...(namespace === undefined ? {} : { namespace }) });
    const known = this.#objects.get(key);
    if (known !== undefined) {
      try {
        return await known;
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
      }
    }
    this.#objects.set(key, Promise.resolve(item));
    return item;
  }

  kinds({ signal }: CallOptions = {}): Promise<readonly ApiResource[]> {
    this.#kinds ??= this.#api.discovery.all(signal === undefined ? {} : { signal });
    return this.#kinds;
  }

  /** Reads all kinds with one call of discovery, which replaces one request per group and version. */
  #learn(options: CallOptions): Promise<void> {
    this.#learned ??= (async () => {
      const all = await unlessFailed(this.kinds(options));
      for (const resource of all ?? []) this.#api.discovery.learn(resource);
    })();
    return this.#learned;
  }
}

/** The response to a read; `undefined` when the request fails. */
export const unlessFailed = <Value>(read: Promise<Value>): Promise<Value | undefined> =>
  read.catch((error: unknown) => {
    if (error instanceof KubeError) return undefined;
    throw error;
  });

const typeKey = ({ apiVersion, kind }: ResourceType): string => `${apiVersion} ${kind}`;
const objectKey = (ref: ObjectRef): string => `${typeKey(ref)} ${ref.namespace ?? ''}/${ref.name}`;

function listKey(type: ResourceType, options: ListOptions): string {
  const { labelSelector, fieldSelector, metadataOnly, resourceVersion, limit } = options;
  return JSON.stringify([typeKey(type), labelSelector, fieldSelector, metadataOnly, resourceVersion, limit]);
}
