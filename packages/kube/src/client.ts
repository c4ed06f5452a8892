import { setMaxListeners } from 'node:events';
import type { BackoffPolicy, JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import {
  isJsonObject,
  parseApiVersion,
  refOf,
  REQUEST_RETRIES,
  RETRY_POLICIES,
  stringifyJson,
  TypeKroError,
  definedMembers,
} from '@typekro/kit/core';
import { answerJson } from './http/answer-reader.ts';
import { type RateLimit, systemClock, rateLimiter } from './clock.ts';
import { createDiscovery, unknownKind } from './discovery.ts';
import { isNotFound, KubeError } from './kube-error.ts';
import { type QueryParameters, collectionPath, objectPath, withQuery } from './resource-paths.ts';
import { type CoreRequest, type RequestContext, requestStream, requestText } from './http/request-text.ts';
import type {
  ApiResource,
  ApplyOptions,
  CallOptions,
  Clock,
  DeleteOptions,
  Discovery,
  Impersonation,
  KubernetesApi,
  ListOptions,
  ObjectList,
  PatchOptions,
  RawRequest,
  RawResponse,
  RepeatableOptions,
  ResourceType,
  Transport,
  TransportRequest,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  RequestMeter,
  KubeConfig,
} from './kube-api.ts';
import { createTransport, impersonationHeaders } from './http/transport.ts';
import { readPage } from './read-page.ts';
import { runWatch } from './run-watch.ts';

/** The options of a client. One of `transport` and `config` is necessary. */
export interface KubeClientOptions {
  /** The transport of the requests. The client closes it. */
  readonly transport?: Transport;
  /** The API server and the credentials. The client makes a transport for them at the first request. */
  readonly config?: KubeConfig;
  /** The `User-Agent` header. Default `typekro`. */
  readonly userAgent?: string;
  /** The clock of the client. Default: the system clock. */
  readonly clock?: Clock;
  /** Random numbers in [0, 1) for jitter. Default `Math.random`. */
  readonly random?: () => number;
  /** Number of retries of a request that may be repeated. Default 4. */
  readonly retries?: number;
  /**
   * The pauses before retries. By default, the first pause is 100 ms, and each later pause is twice as long as the
   * previous one, up to 5 s. Half of each pause is random.
   */
  readonly backoff?: BackoffPolicy;
  readonly impersonate?: Impersonation;
  /**
   * The maximum number of requests per second, and the burst. By default, there is no limit, because servers limit
   * clients with priority and fairness.
   */
  readonly rateLimit?: RateLimit;
  /** Does the client read lists as streams of events, from servers that support this? Default true. */
  readonly streamLists?: boolean;
  /** Called after every attempt of a request. The status is 0 when no response arrived. */
  readonly onRequest?: (request: { method: string; path: string; status: number; milliseconds: number }) => void;
  /** The meters that measure the client's requests. The clients that `as` and `fenced` make share them. */
  readonly meters?: Set<RequestMeter>;
  /** May requests other than GET be sent now? Default: always. `fenced` makes a client with this option. */
  readonly mayWrite?: () => boolean;
  /** What is known about the kinds of the server. By default, the client reads it. */
  readonly discovery?: Discovery;
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

const JSON_TYPE = 'application/json';
const METADATA = `${JSON_TYPE};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
const METADATA_LIST = `${JSON_TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
const PAGE_SIZE = 500;
const IDLE_MS = 330_000;

/**
 * A client for one API server. Objects are sent and returned unchanged: unknown fields are kept, and integers beyond
 * ±(2⁵³−1) are `bigint`. The URL of a kind comes from discovery. A failed request rejects with a `KubeError`; a call
 * with incomplete arguments throws a `TypeKroError`.
 */
export class KubeClient implements KubernetesApi {
  readonly discovery: Discovery;
  readonly #context: RequestContext;
  readonly #options: KubeClientOptions;
  readonly #meters: Set<RequestMeter>;
  readonly #closed = new AbortController();
  #transport: Promise<Transport> | undefined;

  constructor(options: KubeClientOptions) {
    // Every watch listens to the signal. Without this call, Node.js would warn of a leak.
    setMaxListeners(0, this.#closed.signal);
    const { transport, config, clock = systemClock, onRequest, rateLimit } = options;
    if (transport === undefined && config === undefined) {
      throw new TypeKroError('a client needs a transport or a configuration', { code: 'kube/no-config' });
    }
    this.#options = options;
    this.#transport = transport === undefined ? undefined : Promise.resolve(transport);
    this.#meters = options.meters ?? new Set();
    this.#context = {
      transport: () => this.#open(),
      clock,
      random: options.random ?? Math.random,
      retries: options.retries ?? REQUEST_RETRIES,
      backoff: options.backoff ?? RETRY_POLICIES.request,
      headers: { 'user-agent': options.userAgent ?? 'typekro', ...impersonationHeaders(options.impersonate) },
      observe:
        onRequest === undefined
          ? undefined
          : ({ method, path }, status, milliseconds) => onRequest({ method, path, status, milliseconds }),
      meters: this.#meters,
      admit: rateLimit === undefined ? undefined : rateLimiter(rateLimit, clock),
      mayWrite: options.mayWrite,
    };
    this.discovery =
      options.discovery ??
      createDiscovery(
        async (path, accept, { signal }) =>
          (
            await this.#send(
              { method: 'GET', path, headers: { accept }, idempotent: true, what: `GET ${path}` },
              { signal: signal ?? this.#closed.signal },
            )
          ).text,
        clock,
      );
  }

  /**
   * A client that impersonates another user over the connections of this client. Closing one of the two clients closes
   * both.
   */
  as(impersonate: Impersonation): KubeClient {
    const { discovery: _ofThisUser, ...options } = this.#options;
    return this.#derived({ ...options, impersonate });
  }

  /**
   * A client over the connections of this client that sends requests other than GET only while `mayWrite` returns true.
   * The function is called directly before a request is written to the socket, so that a process that was paused sends
   * nothing afterwards. The clients that `as` makes have the same condition. Closing one of the clients closes all.
   */
  fenced(mayWrite: () => boolean): KubeClient {
    return this.#derived({ ...this.#options, mayWrite, discovery: this.discovery });
  }

  #derived(options: KubeClientOptions): KubeClient {
    const transport = { request: (r: TransportRequest) => this.#pass(r), close: () => this.close() };
    return new KubeClient({ ...options, meters: this.#meters, transport });
  }

  /** Measures requests until the returned function is called. Requests of clients that `as` made are included. */
  measure(meter: RequestMeter): () => void {
    this.#meters.add(meter);
    return () => void this.#meters.delete(meter);
  }

  async get(ref: ObjectRef, options: CallOptions & { readonly subresource?: string } = {}): Promise<KubeObject> {
    const resource = await this.#resource(ref, options.signal);
    const path = objectPath(resource, ref, options.subresource);
    return this.#object({ method: 'GET', path, idempotent: true, what: 'get', object: ref }, options);
  }

  async find(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.get(ref, options);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async list(type: ResourceType, options: ListOptions = {}): Promise<ObjectList> {
    const resource = await this.#resource(type, options.signal);
    const pages: KubeObject[][] = [];
    let token: string | undefined;
    for (let from = options; ;) {
      try {
        const page = await this.#page(resource, type, from, token);
        options.onPage?.(page.items);
        pages.push(page.items);
        if (page.next === undefined) return { items: pages.flat(), resourceVersion: page.resourceVersion };
        token = page.next;
      } catch (thrown) {
        if (token === undefined || !(thrown instanceof KubeError) || thrown.status !== 410) throw thrown;
        // The version of the pages has expired: read the newest state in one request.
        from = { ...options, limit: 0 };
        token = undefined;
        pages.length = 0;
      }
    }
  }

  async create(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const ref = refOf(object);
    const resource = await this.#resource(ref, options.signal);
    const namespace = resource.namespaced ? (ref.namespace ?? 'default') : undefined;
    const path = withQuery(
      options.subresource === undefined
        ? collectionPath(resource, namespace)
        : objectPath(resource, ref, options.subresource),
      writeQuery(options),
    );
    return this.#object(
      { method: 'POST', path, ...body(object), idempotent: false, what: 'create', object: ref },
      options,
    );
  }

  async update(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const ref = refOf(object);
    const resource = await this.#resource(ref, options.signal);
    const path = withQuery(objectPath(resource, ref, options.subresource), writeQuery(options));
    return this.#object(
      { method: 'PUT', path, ...body(object), idempotent: false, what: 'update', object: ref },
      options,
    );
  }

  async patch(ref: ObjectRef, patch: JsonObject | JsonObject[], options: PatchOptions = {}): Promise<KubeObject> {
    const resource = await this.#resource(ref, options.signal);
    const path = withQuery(objectPath(resource, ref, options.subresource), writeQuery(options));
    const type = options.type ?? 'merge';
    const request = {
      method: 'PATCH',
      path,
      ...body(patch, PATCH_TYPES[type]),
      idempotent: type === 'merge',
      what: 'patch',
      object: ref,
    };
    return this.#object(request, options);
  }

  async apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const ref = refOf(object);
    const resource = await this.#resource(ref, options.signal);
    const query = { ...writeQuery(options), force: options.force === true ? true : undefined };
    const path = withQuery(objectPath(resource, ref, options.subresource), query);
    const request = {
      method: 'PATCH',
      path,
      ...body(object, 'application/apply-patch+yaml'),
      idempotent: true,
      what: 'apply',
      object: ref,
    };
    return this.#object(request, options);
  }

  /**
   * Returns the object if it still exists after the request, e.g. because of its finalizers; `undefined` if it is gone.
   * Rejects with 404 when the object did not exist.
   */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject | undefined> {
    const resource = await this.#resource(ref, options.signal);
    const { preconditions, propagationPolicy, gracePeriodSeconds, dryRun } = options;
    const content: JsonObject = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }),
      ...definedMembers({ propagationPolicy, gracePeriodSeconds }),
      ...(dryRun === true ? { dryRun: ['All'] } : {}),
    };
    // A deletion may be retried only with a UID. Without a UID, a retry could delete a later object of the same name.
    const idempotent = preconditions?.uid !== undefined;
    const request = {
      method: 'DELETE',
      path: objectPath(resource, ref),
      ...body(content),
      idempotent,
      what: 'delete',
      object: ref,
    };
    const answer = await this.#object(request, options);
    return answer.kind === 'Status' ? undefined : answer;
  }

  watch(type: ResourceType, options: WatchOptions = {}): AsyncIterable<WatchEvent> {
    const { resourceVersion, signal, ...selection } = options;
    const accept = options.metadataOnly === true ? `${METADATA},${JSON_TYPE}` : JSON_TYPE;
    return runWatch(
      {
        list: (inner) => this.list(type, { ...selection, signal: inner }),
        version: async (inner) => {
          const resource = await this.#resource(type, inner);
          const page = await this.#page(resource, type, { ...selection, limit: 1, signal: inner }, undefined);
          return page.resourceVersion;
        },
        open: async (version, inner) => {
          const resource = await this.#resource(type, inner);
          const path = withQuery(collectionPath(resource, options.namespace), {
            ...selectorQuery(options),
            watch: true,
            allowWatchBookmarks: true,
            timeoutSeconds: Math.floor(240 + this.#context.random() * 60),
            ...(version === undefined
              ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
              : { resourceVersion: version }),
          });
          const request: CoreRequest = {
            method: 'GET',
            path,
            headers: { accept },
            idempotent: true,
            what: `watch ${type.kind}`,
            signal: inner,
          };
          return this.#checked(type, () => requestStream(this.#context, request));
        },
        type,
        clock: this.#context.clock,
        random: this.#context.random,
        idleTimeoutMs: options.idleTimeoutMs ?? IDLE_MS,
      },
      {
        streamsLists: this.#options.streamLists ?? true,
        closed: this.#closed.signal,
        ...definedMembers({ resourceVersion, signal }),
      },
    );
  }

  async raw(request: RawRequest): Promise<RawResponse> {
    const { method = 'GET', path, headers = {} } = request;
    const content = request.body === undefined ? { headers } : body(request.body, headers['content-type'], headers);
    return this.#send({ method, path, ...content, idempotent: method === 'GET', what: `${method} ${path}` }, request);
  }

  /**
   * Like `raw`, but yields the body as it arrives, for responses without an end, such as a followed log. The iteration
   * ends when the response ends, when the signal aborts, and when the client is closed. The request is never retried.
   */
  async *stream(request: RawRequest): AsyncIterable<Uint8Array> {
    const { method = 'GET', path, headers = {}, signal } = request;
    const what = `${method} ${path}`;
    const ends = [this.#closed.signal, ...(signal === undefined ? [] : [signal])];
    const core = { method, path, headers, idempotent: true, what, signal: AbortSignal.any(ends) };
    yield* (await requestStream(this.#context, core)).body;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    // If the transport could not be made, the failed requests have already reported the reason.
    await this.#transport?.then(
      (transport) => transport.close(),
      () => undefined,
    );
  }

  #open(): Promise<Transport> {
    const { config } = this.#options;
    if (this.#transport === undefined && config !== undefined)
      this.#transport = createTransport(config, this.#context.clock);
    if (this.#transport === undefined)
      throw new TypeKroError('the client has no transport', { code: 'kube/no-config' });
    return this.#transport;
  }

  async #pass(request: Parameters<Transport['request']>[0]) {
    return (await this.#open()).request(request);
  }

  async #resource(type: ResourceType, signal: AbortSignal | undefined): Promise<ApiResource> {
    checkType(type);
    const resource = await this.discovery.resourceOf(type, signal === undefined ? {} : { signal });
    if (resource !== undefined) return resource;
    throw unknownKind(type);
  }

  async #page(resource: ApiResource, type: ResourceType, options: ListOptions, token: string | undefined) {
    const limit = options.limit ?? PAGE_SIZE;
    const path = withQuery(collectionPath(resource, options.namespace), {
      ...selectorQuery(options),
      limit: limit === 0 ? undefined : limit,
      resourceVersion: token === undefined ? options.resourceVersion : undefined,
      continue: token,
    });
    const accept = options.metadataOnly === true ? `${METADATA_LIST},${JSON_TYPE}` : JSON_TYPE;
    const request: CoreRequest = {
      method: 'GET',
      path,
      headers: { accept },
      idempotent: true,
      what: `list ${type.kind}`,
    };
    const { text } = await this.#checked(type, () => this.#send(request, options));
    return readPage(type, text);
  }

  async #object(
    request: CoreRequest & { readonly object: ObjectRef },
    options: RepeatableOptions,
  ): Promise<KubeObject> {
    const { text } = await this.#checked(request.object, () => this.#send(request, options));
    const object = answerJson(text, request.what);
    if (isJsonObject(object)) return object as KubeObject;
    const { what, object: about } = request;
    throw new KubeError('the server responded without an object', {
      status: 200,
      reason: 'InvalidAnswer',
      what,
      object: about,
    });
  }

  #send(request: CoreRequest, { signal, repeat = true }: { signal?: AbortSignal | undefined; repeat?: boolean }) {
    return requestText(this.#context, { ...request, repeat, ...(signal === undefined ? {} : { signal }) });
  }

  /**
   * A 404 that names no object means that the server does not serve the kind. In this case, discovery forgets the kind,
   * and the error is about the kind instead of the object.
   */
  async #checked<T>(type: ResourceType, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (thrown) {
      if (!isNotFound(thrown) || thrown.details.name !== undefined || thrown.details.kind !== undefined) throw thrown;
      this.discovery.forget(parseApiVersion(type.apiVersion).group, type.kind);
      throw unknownKind(type, thrown);
    }
  }
}

function selectorQuery(options: { labelSelector?: string; fieldSelector?: string }): QueryParameters {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function writeQuery(options: WriteOptions): QueryParameters {
  return {
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun === true ? 'All' : undefined,
  };
}

function body(content: object, type: string = JSON_TYPE, headers: Readonly<Record<string, string>> = {}) {
  return {
    headers: { ...headers, 'content-type': type, accept: headers['accept'] ?? JSON_TYPE },
    body: stringifyJson(content),
  };
}

/** Checks the type, because callers in plain JavaScript may pass an incomplete one. */
function checkType(type: Partial<ResourceType> | undefined): void {
  const missing = (['apiVersion', 'kind'] as const).find((member) => typeof type?.[member] !== 'string');
  if (missing === undefined) return;
  throw new TypeKroError(`the object reference has no ${missing}`, {
    code: 'kube/incomplete-reference',
    remedy: "write e.g. { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' }",
  });
}
