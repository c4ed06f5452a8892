import type { GroupVersionKind, JsonValue } from '@typekro/kit/core';
import { formatApiVersion, typeMetaOf, isJsonObject, monotonicMs, parseJson } from '@typekro/kit/core';
import { groupVersionPath } from '@typekro/kit/kubernetes';
import { type SchemaSource, builtinSource, combineSources, crdSource, openApiDocument } from '@typekro/engine/schema';
import { answerJson } from './http/answer-reader.ts';
import { type DocumentCacheOptions, DocumentCache } from './document-cache.ts';
import { isNotFound, KubeError } from './kube-error.ts';
import type { CallOptions, KubernetesApi } from './kube-api.ts';
import { whileWanted } from './remember.ts';

/** Measures look-ups of schemas. */
export interface SchemaMeter {
  known(): void;
  /** Called when another caller had already sent the request. */
  shared(): void;
  read(milliseconds: number, ok: boolean): void;
  evicted(): void;
}

/** The options of `LiveSchemas`. */
export interface LiveSchemaOptions {
  /** The name of the CRD of a kind, if the caller knows it from a watch. Knowing it saves a discovery request. */
  readonly crdOf?: (type: GroupVersionKind) => string | undefined;
  /** Where OpenAPI documents are cached on disk; with `false`, they are cached only in memory. */
  readonly cache?: DocumentCacheOptions | false;
  readonly meter?: SchemaMeter;
}

/** The maximum number of OpenAPI documents in memory. The least recently used document is dropped first. */
const MAX_DOCUMENTS = 32;

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

/**
 * The schemas of a live server, kind by kind. The schema of a built-in kind comes from the package's own data. The
 * schema of a custom kind comes from its CRD, because the published OpenAPI document is updated later. The schema of an
 * aggregated kind, and of a kind whose CRD the user may not read, comes from the server's OpenAPI v3 document for the
 * group-version. Schemas are kept until `forget`. Documents are cached by their hash, in memory and on disk.
 */
export class LiveSchemas {
  readonly #api: KubernetesApi;
  readonly #options: LiveSchemaOptions;
  readonly #loaded = new Map<string, Promise<SchemaSource | undefined>>();
  readonly #reading = new Set<Promise<SchemaSource | undefined>>();
  /** Documents by URL. A URL contains the hash of its document, so a changed document has another URL. */
  readonly #documents = new Map<string, Promise<SchemaSource>>();
  readonly #cache: DocumentCache | undefined;

  constructor(api: KubernetesApi, options: LiveSchemaOptions = {}) {
    this.#api = api;
    this.#options = options;
    this.#cache = options.cache === false ? undefined : new DocumentCache(options.cache);
  }

  /** The number of kinds whose schema is loaded or is being loaded. */
  get size(): number {
    return this.#loaded.size;
  }

  /** A source with the schemas of these kinds. Kinds that the server does not have are missing. */
  async sourceFor(types: Iterable<GroupVersionKind>, options: CallOptions = {}): Promise<SchemaSource> {
    const builtin = builtinSource();
    const foreign = [...types].filter((type) => {
      const isForeign = builtin.resourceOf(type) === undefined;
      if (!isForeign) this.#options.meter?.known();
      return isForeign;
    });
    // Several callers wait for the same schemas, so the abort of one caller must not end the loading for all others.
    const loading = Promise.all(foreign.map((type) => this.#load(type)));
    const loaded = await whileWanted(loading, options.signal);
    const missing = foreign.filter((_type, index) => loaded[index] === undefined);
    const known = new Set(loaded.filter((source) => source !== undefined));
    return combineSources(builtin, ...known, this.#beside(missing));
  }

  /**
   * A source without schemas. It only lists the kinds that the server has in the groups and versions of the missing
   * kinds, so that messages about missing kinds can name similar kinds.
   */
  #beside(missing: readonly GroupVersionKind[]): SchemaSource {
    const kinds = missing.flatMap(({ group, version }) =>
      this.#api.discovery.kindsOf(formatApiVersion({ group, version })).map((kind) => ({ group, version, kind })),
    );
    const ifUnknown = 'install its CustomResourceDefinition in the cluster, or correct apiVersion and kind';
    return { schemaOf: () => undefined, resourceOf: () => undefined, kinds: () => kinds, ifUnknown };
  }

  /** Drops the schema of a kind after a change of its CRD. */
  forget(group: string, kind: string): void {
    for (const key of this.#loaded.keys()) {
      if (!key.startsWith(`${group}/`) || !key.endsWith(`/${kind}`)) continue;
      this.#loaded.delete(key);
      this.#options.meter?.evicted();
    }
  }

  #load(type: GroupVersionKind): Promise<SchemaSource | undefined> {
    const key = `${type.group}/${type.version}/${type.kind}`;
    const known = this.#loaded.get(key);
    const { meter } = this.#options;
    if (known !== undefined) {
      if (this.#reading.has(known)) meter?.shared();
      else meter?.known();
      return known;
    }
    const began = monotonicMs();
    const loading = this.#read(type);
    this.#loaded.set(key, loading);
    this.#reading.add(loading);
    const measured = (ok: boolean) => {
      this.#reading.delete(loading);
      meter?.read(monotonicMs() - began, ok);
    };
    loading.then(
      () => measured(true),
      () => measured(false),
    );
    // A missing kind and a failure are not kept, so that the next call tries again.
    const forget = () => {
      if (this.#loaded.get(key) === loading) this.#loaded.delete(key);
    };
    loading.then((source) => {
      if (source === undefined) forget();
    }, forget);
    return loading;
  }

  async #read(type: GroupVersionKind): Promise<SchemaSource | undefined> {
    const name = this.#options.crdOf?.(type) ?? (await this.#crdName(type));
    if (name === undefined) return undefined;
    try {
      const crd = await this.#api.get({ ...CRD, name });
      return crdSource([crd], { pack: true });
    } catch (thrown) {
      if (!isNotFound(thrown) && !(thrown instanceof KubeError && thrown.status === 403)) throw thrown;
      return this.#document(type);
    }
  }

  async #crdName(type: GroupVersionKind): Promise<string | undefined> {
    const found = await this.#api.discovery.resourceOf(typeMetaOf(type));
    return found === undefined ? undefined : `${found.plural}.${found.group}`;
  }

  async #document(type: GroupVersionKind): Promise<SchemaSource | undefined> {
    const path = groupVersionPath(type).slice(1);
    const index = await this.#api.raw({ path: '/openapi/v3' });
    const url = documentUrl(answerJson(index.text, 'GET /openapi/v3'), path);
    if (url === undefined) return undefined;
    const known = this.#documents.get(url);
    const source = known ?? this.#fetch(url);
    // Moves the entry to the end: the most recently used entry is the last.
    this.#documents.delete(url);
    this.#documents.set(url, source);
    const [oldest] = this.#documents.keys();
    if (this.#documents.size > MAX_DOCUMENTS && oldest !== undefined) this.#documents.delete(oldest);
    try {
      return await source;
    } catch (thrown) {
      if (this.#documents.get(url) === source) this.#documents.delete(url);
      throw thrown;
    }
  }

  async #fetch(url: string): Promise<SchemaSource> {
    const stored = await this.#cache?.get(url);
    if (stored !== undefined) return openApiDocument(parseJson(stored));
    const { text } = await this.#api.raw({ path: url });
    const document = answerJson(text, `GET ${url}`);
    await this.#cache?.put(url, text);
    return openApiDocument(document);
  }
}

function documentUrl(index: JsonValue, path: string): string | undefined {
  const paths = isJsonObject(index) ? index['paths'] : undefined;
  const entry = isJsonObject(paths) && Object.hasOwn(paths, path) ? paths[path] : undefined;
  const url = isJsonObject(entry) ? entry['serverRelativeURL'] : undefined;
  // Only a path of this server is followed.
  return typeof url === 'string' && url.startsWith('/openapi/v3/') ? url : undefined;
}
