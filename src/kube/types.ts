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
  /** What the cluster's entry holds for plugins, told with the rest of it. */
  readonly clusterConfig?: JsonValue;
}

/**
 * How to prove who we are. A certificate is shown with each connection, beside a token (first that of a file) or else a
 * user name and password. A plugin is asked where there is nothing of that, as kubectl does.
 */
export interface Credentials {
  /** PEM texts. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly token?: string;
  /** Read anew every minute, since in-cluster tokens rotate. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecPlugin;
  /** For whom to act where a request names nobody itself. */
  readonly impersonate?: Impersonation;
}

/** One API server and the way in: a context of a kubeconfig, resolved, with all files read. */
export interface KubeConfig {
  /** E.g. `https://127.0.0.1:6443`; a path in it is put before every request's. */
  readonly server: string;
  /** PEM text of the authorities to trust; absent: the machine's. */
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify: boolean;
  /** Name to check the server's certificate against, if not the host of `server`. */
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly credentials: Credentials;
  /** Where objects go that name no namespace. */
  readonly namespace: string;
  readonly context: string;
  /** The files that it was read from, for messages. */
  readonly source?: string;
}

/** Who measures requests. Bytes are those of bodies, before any compression. */
export interface RequestMeter {
  sent?(method: string, bytes: number): void;
  /** Status 0 when no answer came. */
  answered?(method: string, status: number, milliseconds: number): void;
  /** No answer came, for this reason; not told of requests that were given up. */
  unanswered?(method: string, error: KubeError): void;
  /** An answer was read to its end; streams never are. */
  read?(method: string, bytes: number): void;
  /** The client's own rate limit let a request wait. */
  heldBack?(method: string, milliseconds: number): void;
  /** A request is sent again after this status. */
  retried?(method: string, status: number): void;
}

/** One HTTP request to an API server. Authentication is the transport's own business. */
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
  /** Must be read to its end, or left early (`break`), so that the connection is given back. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Carries requests to one API server: over sockets, or straight into a server in this process. */
export interface Transport {
  /** Rejects only when no answer arrived (connection, TLS, abort); an error status is an answer. */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Ends all connections. Requests after it are rejected. */
  close(): Promise<void>;
}

/** Time as the client and the controller see it; a test or the simulator puts in its own. */
export interface Clock {
  /** Milliseconds since 1970. May jump, when the machine's time is corrected. */
  now(): number;
  /** Milliseconds since some moment, which never jump: for how long something took. Default: as `now`. */
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
   * May the client send it again by itself after a pause, where that does no harm: when the server had no time for it
   * (429), or, for idempotent writes, when no answer came (also 503 and 504)? Default true. False is for callers who
   * decided on it by what they knew then, and would decide anew.
   */
  readonly repeat?: boolean;
}

/** Options of calls that write. */
export interface WriteOptions extends RepeatableOptions {
  /** Who owns the fields written. Required for `apply`, optional elsewhere (the server derives it). */
  readonly fieldManager?: string;
  /** Let the server do everything but store the result. */
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
  /** The server refuses with 409 when the object is another one by now. */
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
  /** Page size; pages are read one after another until all is there. Default 500; 0 asks for everything at once. */
  readonly limit?: number;
  /** `0` answers from the server's cache, absent reads the newest state. */
  readonly resourceVersion?: string;
  /** Ask for metadata only: objects come without spec, status and data. */
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
  /** A watch without any line for so long is opened anew. Default 330,000 ms (the server ends ours after at most 300 s). */
  readonly idleTimeoutMs?: number;
}

/**
 * What a watch reports. Between `RESTARTED` and `SYNCED` every existing object comes as `ADDED`; what
 * did not come by then no longer exists. `ERROR` tells of trouble that the watch itself gets over.
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
  /** Adds what the caller knows from elsewhere (a CRD, a compiled graph), which saves asking. */
  learn(resource: ApiResource): void;
  /** Everything the server has, freshly asked for. */
  all(options?: CallOptions): Promise<readonly ApiResource[]>;
  /** The kinds of a group and version as the server named them last, without asking it again. */
  kindsOf(apiVersion: string): readonly string[];
  /** The answer without asking the server: `undefined` when it is not in memory. */
  peek(type: ResourceType): ApiResource | undefined;
  /** Drops what is known of a kind (after its CRD changed or went), of a whole group, or of all. */
  forget(group?: string, kind?: string): void;
}

/** For whom a client acts, if not for the holder of its credentials. The server derives the groups of a ServiceAccount. */
export interface Impersonation {
  /** E.g. `system:serviceaccount:team-a:deployer`. */
  readonly user: string;
}

/** What a client for one API server does; `KubeClient` is the one we ship, tests may wrap it. */
export interface KubernetesApi {
  readonly discovery: Discovery;
  get(ref: ObjectRef, options?: CallOptions & { readonly subresource?: string }): Promise<KubeObject>;
  /** As `get`, but `undefined` when the object (or its kind) does not exist. */
  find(ref: ObjectRef, options?: CallOptions): Promise<KubeObject | undefined>;
  list(type: ResourceType, options?: ListOptions): Promise<ObjectList>;
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  update(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(ref: ObjectRef, body: JsonObject | JsonObject[], options?: PatchOptions): Promise<KubeObject>;
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | undefined>;
  watch(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent>;
  /** The same server, acting for somebody else. */
  as(impersonate: Impersonation): KubernetesApi;
  /** Has requests measured from now on, until the answer is called. Absent where nothing can be measured. */
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
