import type { JsonObject, KubeObject, ObjectRef, JsonValue } from '../core/index.ts';
import type { KubeError } from './error.ts';

/** A command that prints credentials (`users[].user.exec` of a kubeconfig). */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  /** Tell the plugin about the cluster in `KUBERNETES_EXEC_INFO`. */
  readonly provideClusterInfo: boolean;
  /** The plugin configuration of the cluster's entry, passed with the cluster info. */
  readonly clusterConfig?: JsonValue;
}

/**
 * The credentials of the client. A certificate is sent with each connection, together with a token (a token file first)
 * or else with user name and password. A plugin runs only without all of these, as in kubectl.
 */
export interface Credentials {
  /** PEM texts. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly token?: string;
  /** Read again every minute, since in-cluster tokens rotate. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecPlugin;
  /** The user to impersonate when a request names none. */
  readonly impersonate?: Impersonation;
}

/** One API server with credentials: a resolved context of a kubeconfig, with all files read. */
export interface KubeConfig {
  /** E.g. `https://127.0.0.1:6443`; a path in it is put before every request's. */
  readonly server: string;
  /** PEM text of the authorities to trust; absent: the system's. */
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify: boolean;
  /** Name to check the server's certificate against, if not the host of `server`. */
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly credentials: Credentials;
  /** The namespace of objects that name none. */
  readonly namespace: string;
  readonly context: string;
  /** The files that it was read from, for messages. */
  readonly source?: string;
}

/** Measures requests. Bytes are those of bodies, before any compression. */
export interface RequestMeter {
  sent?(method: string, bytes: number): void;
  /** Status 0 when no answer arrived. */
  answered?(method: string, status: number, milliseconds: number): void;
  /** No answer arrived, for this reason; not called for aborted requests. */
  unanswered?(method: string, error: KubeError): void;
  /** An answer was read to its end; streams never are. */
  read?(method: string, bytes: number): void;
  /** The client's own rate limit delayed a request. */
  heldBack?(method: string, milliseconds: number): void;
  /** A request is sent again after this status. */
  retried?(method: string, status: number): void;
}

/** One HTTP request to an API server. The transport adds the authentication. */
export interface TransportRequest {
  readonly method: string;
  /** Absolute path with the query, e.g. `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Aborting it ends the request, also while the body is being read. */
  readonly signal?: AbortSignal;
}

/** The answer: the head at once, the body as it arrives (a watch's body does not end by itself). */
export interface TransportResponse {
  readonly status: number;
  /** Lower-case names; several values of one header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Must be read to its end, or left early (`break`), so that the connection is released. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Carries requests to one API server: over sockets, or straight into a server in this process. */
export interface Transport {
  /** Rejects only when no answer arrived (connection, TLS, abort); an error status is an answer. */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Ends all connections. Requests after it are rejected. */
  close(): Promise<void>;
}

/** The clock of the client and the controller; tests and the simulator pass their own. */
export interface Clock {
  /** Milliseconds since 1970. May jump, when the machine's time is corrected. */
  now(): number;
  /** Monotonic milliseconds, for durations. Default: as `now`. */
  elapsed?(): number;
  /** Calls back once after `milliseconds`, unless cancelled before. */
  setTimer(milliseconds: number, callback: () => void): { cancel(): void };
}

/** A kind of object, named as in its manifest. */
export interface ResourceType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What every call takes that may change something. */
export interface RepeatableOptions extends CallOptions {
  /**
   * May the client retry the request after a pause: after 429, or, for idempotent writes, when no answer arrived (also
   * 503 and 504)? Default true. False is for callers that would decide again instead.
   */
  readonly repeat?: boolean;
}

/** Options of calls that write. */
export interface WriteOptions extends RepeatableOptions {
  /** The owner of the written fields. Required for `apply`, optional elsewhere (the server derives it). */
  readonly fieldManager?: string;
  /** The server does everything except storing the result. */
  readonly dryRun?: boolean;
  /** What the server does about unknown and duplicate fields; the server's default is `Warn`. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** `status`, `scale`, … */
  readonly subresource?: string;
}

/** Options of server-side apply. */
export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields that another manager owns instead of failing with a conflict. Default false. */
  readonly force?: boolean;
}

/** The patch formats of the API server. */
export type PatchType = 'merge' | 'json' | 'strategic';

/** Options of a patch. */
export interface PatchOptions extends WriteOptions {
  /** Default `merge`. */
  readonly type?: PatchType;
}

/** Options of a deletion. */
export interface DeleteOptions extends RepeatableOptions {
  /** The server answers 409 when the object does not match. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

/** Which objects of a kind. */
export interface Selection {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Options of a list. */
export interface ListOptions extends Selection, CallOptions {
  /**
   * Page size; pages are read one after another until the list is complete. Default 500; 0 asks for everything at once.
   */
  readonly limit?: number;
  /** `0` answers from the server's cache, absent reads the newest state. */
  readonly resourceVersion?: string;
  /** Ask for metadata only: objects come without spec, status and data, and with the type that was asked for. */
  readonly metadataOnly?: boolean;
}

/** All objects of a selection, and the version at which they were read. */
export interface ObjectList {
  readonly items: KubeObject[];
  readonly resourceVersion: string;
}

/** Options of a watch. */
export interface WatchOptions extends Selection, CallOptions {
  /** Begin right after this version and list nothing. Absent: list first (or stream the list). */
  readonly resourceVersion?: string;
  readonly metadataOnly?: boolean;
  /**
   * Time without any line after which the watch is opened again. Default 330,000 ms (the server ends it after at most
   * 300 s).
   */
  readonly idleTimeoutMs?: number;
}

/**
 * What a watch reports. Between `RESTARTED` and `SYNCED` every existing object is reported as `ADDED`; objects that
 * were not reported no longer exist. `ERROR` reports a failure that the watch itself retries.
 */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'RESTARTED' }
  | { readonly type: 'SYNCED'; readonly resourceVersion: string }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly error: KubeError; readonly retryAfterMs: number };

/** What discovery knows of a kind. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Name in URLs, e.g. `deployments`. */
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** `status`, `scale`, … */
  readonly subresources: readonly string[];
}

/** Which kinds a server has. */
export interface Discovery {
  /**
   * The resource of a kind, or `undefined` when the server has none such. An unknown kind is looked up
   * on the server (at most once a second for one kind), a known one is answered from memory.
   */
  resourceOf(type: ResourceType, options?: CallOptions): Promise<ApiResource | undefined>;
  /** The resource of a kind whose version is not known: in the group's preferred version that has it. */
  inGroup(group: string, kind: string, options?: CallOptions): Promise<ApiResource | undefined>;
  /** Adds a resource that the caller knows (from a CRD, a compiled graph), which saves a request. */
  learn(resource: ApiResource): void;
  /** All resources of the server, from a new request. */
  all(options?: CallOptions): Promise<readonly ApiResource[]>;
  /** The known kinds of a group and version, without a request. */
  kindsOf(apiVersion: string): readonly string[];
  /** The known resource of a kind, without a request. */
  peek(type: ResourceType): ApiResource | undefined;
  /** Drops a known kind (after a change of its CRD), a whole group, or all. */
  forget(group?: string, kind?: string): void;
}

/**
 * The user that a client acts for, if not the holder of its credentials. The server derives the groups of a
 * ServiceAccount.
 */
export interface Impersonation {
  /** E.g. `system:serviceaccount:team-a:deployer`. */
  readonly user: string;
}

/** The calls of a client for one API server. `KubeClient` implements it; tests may wrap it. */
export interface KubernetesApi {
  readonly discovery: Discovery;
  get(ref: ObjectRef, options?: CallOptions & { readonly subresource?: string }): Promise<KubeObject>;
  /** As `get`, but `undefined` when the object (or its kind) does not exist. */
  find(ref: ObjectRef, options?: CallOptions): Promise<KubeObject | undefined>;
  /** Every item names its type, also where the server leaves it out. */
  list(type: ResourceType, options?: ListOptions): Promise<ObjectList>;
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  update(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(ref: ObjectRef, body: JsonObject | JsonObject[], options?: PatchOptions): Promise<KubeObject>;
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | undefined>;
  watch(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent>;
  /** A client for the same server that impersonates another user. */
  as(impersonate: Impersonation): KubernetesApi;
  /** Measures requests until the returned function is called. Absent when the client cannot measure. */
  measure?(meter: RequestMeter): () => void;
  /** Any other path: body as JSON, errors as `KubeError`. */
  raw(request: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

/** A request outside the object verbs, e.g. `/version` or a log. */
export interface RawRequest extends CallOptions {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
}

/** The whole answer to a raw request. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
