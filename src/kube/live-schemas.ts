import type { GroupVersionKind, JsonValue } from '../core/index.ts';
import { formatApiVersion, isJsonObject, parseJson } from '../core/index.ts';
import type { SchemaSource } from '../schema/index.ts';
import { builtinSource, combineSources, crdSource, openApiDocument } from '../schema/index.ts';
import { isNotFound, KubeError } from './error.ts';
import type { CallOptions, KubernetesApi } from './types.ts';

/** What a live source looks at besides the API server. */
export interface LiveSchemaOptions {
  /** The name of the CRD of a kind, if the caller knows it from a watch; saves discovery, and its delay. */
  readonly crdOf?: (type: GroupVersionKind) => string | undefined;
}

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

/**
 * Schemas of a live server, kind by kind: built-in kinds from the package's own data, custom ones from
 * their CRD (at once, where the published OpenAPI lags behind), aggregated ones from the server's OpenAPI
 * v3 document of the group-version. What was read is kept until it is forgotten; documents by their hash.
 */
export class LiveSchemas {
  readonly #api: KubernetesApi;
  readonly #options: LiveSchemaOptions;
  readonly #loaded = new Map<string, Promise<SchemaSource | undefined>>();
  readonly #documents = new Map<string, { readonly url: string; readonly source: SchemaSource }>();

  constructor(api: KubernetesApi, options: LiveSchemaOptions = {}) {
    this.#api = api;
    this.#options = options;
  }

  /** A source that answers for these kinds, as far as the server has them. */
  async sourceFor(types: Iterable<GroupVersionKind>, options: CallOptions = {}): Promise<SchemaSource> {
    const builtin = builtinSource();
    const foreign = [...types].filter((type) => builtin.resourceOf(type) === undefined);
    const loaded = await Promise.all(foreign.map((type) => this.#load(type, options)));
    return combineSources(builtin, ...new Set(loaded.filter((source) => source !== undefined)));
  }

  /** Drops what is known of a kind: its CRD came, changed or went. */
  forget(group: string, kind: string): void {
    for (const key of this.#loaded.keys()) {
      if (key.startsWith(`${group}/`) && key.endsWith(`/${kind}`)) this.#loaded.delete(key);
    }
  }

  #load(type: GroupVersionKind, options: CallOptions): Promise<SchemaSource | undefined> {
    const key = `${type.group}/${type.version}/${type.kind}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const loading = this.#read(type, options);
    this.#loaded.set(key, loading);
    // A kind that is missing, and a failure, are asked for again next time.
    const forget = () => {
      if (this.#loaded.get(key) === loading) this.#loaded.delete(key);
    };
    loading.then((source) => {
      if (source === undefined) forget();
    }, forget);
    return loading;
  }

  async #read(type: GroupVersionKind, options: CallOptions): Promise<SchemaSource | undefined> {
    const name = this.#options.crdOf?.(type) ?? (await this.#crdName(type, options));
    if (name === undefined) return undefined;
    try {
      const crd = await this.#api.get({ ...CRD, name }, options);
      return crdSource([crd], { pack: true });
    } catch (thrown) {
      if (!isNotFound(thrown) && !(thrown instanceof KubeError && thrown.status === 403)) throw thrown;
      return this.#document(type, options);
    }
  }

  async #crdName(type: GroupVersionKind, options: CallOptions): Promise<string | undefined> {
    const found = await this.#api.discovery.resourceOf(
      { apiVersion: formatApiVersion(type), kind: type.kind },
      options,
    );
    return found === undefined ? undefined : `${found.plural}.${found.group}`;
  }

  async #document(type: GroupVersionKind, options: CallOptions): Promise<SchemaSource | undefined> {
    const path = type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`;
    const url = documentUrl(parseJson((await this.#api.raw({ path: '/openapi/v3', ...options })).text), path);
    if (url === undefined) return undefined;
    // The URL holds the hash of the document: the same URL is the same document.
    const known = this.#documents.get(path);
    if (known?.url === url) return known.source;
    const source = openApiDocument(parseJson((await this.#api.raw({ path: url, ...options })).text));
    this.#documents.set(path, { url, source });
    return source;
  }
}

function documentUrl(index: JsonValue, path: string): string | undefined {
  const paths = isJsonObject(index) ? index['paths'] : undefined;
  const entry = isJsonObject(paths) && Object.hasOwn(paths, path) ? paths[path] : undefined;
  const url = isJsonObject(entry) ? entry['serverRelativeURL'] : undefined;
  return typeof url === 'string' ? url : undefined;
}
