import type { JsonObject, KubeObject, ObjectRef, JsonValue } from '@typekro/kit/core';
import type { ResourceInfo } from '@typekro/engine/schema';
import type { KubeError } from './kube-error.ts';

/** A command that prints credentials (`users[].user.exec` of a kubeconfig). */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  /** Does the plugin get information about the cluster in `KUBERNETES_EXEC_INFO`? */
  readonly provideClusterInfo: boolean;
  /** The plugin configuration of the cluster's entry, passed with the cluster info. */
  readonly clusterConfig?: JsonValue;
}

/**
 * The credentials of the client. Each connection sends the certificate. Each request sends the first of these that
 * exists: the token of `tokenFile`, `token`, the user name with the password. As in kubectl, a plugin runs only when
 * none of them exists.
 */
export interface Credentials {
  /** The client certificate and its key, in PEM format. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /**
   * The files of the certificate and of its key. Both are read again every minute, and after status 401. A pair that
   * does not match, for example during a rotation, is not used.
   */
  readonly clientCertificateFile?: string;
  readonly clientKeyFile?: string;
  readonly token?: string;
  /** A file with the token. The file is read again every minute, because in-cluster tokens rotate. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecPlugin;
  /** The user to impersonate when a request does not name one. */
  readonly impersonate?: Impersonation;
}

/**
 * One API server with credentials: a resolved context of a kubeconfig. All its files have been read, except the token
 * file. Files that another program may replace are read again every minute, so that a process does not have to be
 * restarted when a token, a certificate or an authority is rotated.
 */
export interface KubeConfig {
  /** E.g. `https://127.0.0.1:6443`; a path in the URL is prepended to the path of every request. */
  readonly server: string;
  /** The trusted authorities, in PEM format. Default: the authorities of the system. */
  readonly certificateAuthority?: string;
  /**
   * The file of `certificateAuthority`. The file is read again every minute, and when no known authority has signed the
   * certificate of the server.
   */
  readonly certificateAuthorityFile?: string;
  readonly insecureSkipTlsVerify: boolean;
  /** The expected name in the server's certificate. Default: the host of `server`. */
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
  readonly credentials: Credentials;
  /** The default namespace of the context. */
  readonly namespace: string;
  readonly context: string;
  /** Set when the kubeconfig has other contexts as well. */
  readonly hasOtherContexts?: true;
  /** The files from which the configuration was read, for use in messages. */
  readonly source?: string;
}

/** Measures requests. Byte counts are the sizes of bodies without compression. */
export interface RequestMeter {
  sent?(method: string, bytes: number): void;
  /** The status is 0 when no response arrived. `path` includes the query. */
  answered?(method: string, status: number, milliseconds: number, path: string): void;
  /**
   * Called with the error when no response arrived, before `answered` is called with status 0. Not called for aborted
   * requests.
   */
  unanswered?(method: string, error: KubeError): void;
  /** Called when a response was read to its end. Not called for streams. */
  read?(method: string, bytes: number): void;
  /** Called before each request is sent, with the delay that the client's own rate limit caused, in milliseconds. */
  heldBack?(method: string, milliseconds: number): void;
  /** Called when a request is sent again after this status. */
  retried?(method: string, status: number): void;
}

/** One HTTP request to an API server. The transport adds the authentication. */
export interface TransportRequest {
  readonly method: string;
  /** Absolute path with the query, e.g. `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** The headers, with names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** If the signal aborts, the request ends, even while the body is read. */
  readonly signal?: AbortSignal;
  /**
   * Called directly before the request is written to the connection. If it returns false, nothing is sent, and the
   * request fails.
   */
  readonly mayBeSent?: () => boolean;
}

/**
 * A response. For a watch or a followed log, the promise resolves when the head has arrived, and the body is read as it
 * arrives. For any other request, the promise resolves when the response is complete.
 */
export interface TransportResponse {
  readonly status: number;
  /** The headers, with names in lower case; several values of one header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The reader must read the body to its end or leave the iteration early (`break`), because only this releases the
   * connection.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends requests to one API server, either over sockets, or by a direct call of a server in this process. */
export interface Transport {
  /**
   * Rejects when no response arrived (connection failure, TLS failure, abort). An error status is a response and
   * resolves. The only exception is status 401 at the address of an embedded cluster: the promise rejects, because
   * another server may have the address now.
   */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Ends all connections. Later requests are rejected. */
  close(): Promise<void>;
}

/** The clock of the client and the controller; tests and the simulator pass their own. */
export interface Clock {
  /** Milliseconds since 1970. The time may jump when the clock of the machine is corrected. */
  now(): number;
  /** Monotonic milliseconds, for durations. Default: `now`. */
  elapsed?(): number;
  /** Calls `callback` once after `milliseconds`, unless the timer is cancelled before. */
  setTimer(milliseconds: number, callback: () => void): { cancel(): void };
}

/** A kind of object, named as in its manifest. */
export interface ResourceType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Options of every call that may change an object. */
export interface RepeatableOptions extends CallOptions {
  /**
   * May the client retry the request after a pause? The client retries every write after 429. It retries an idempotent
   * write also after 408, 503 or 504, and when no response arrived. Default true. A caller that must make a new
   * decision before each attempt sets this to false.
   */
  readonly repeat?: boolean;
}

/** Options of calls that write. */
export interface WriteOptions extends RepeatableOptions {
  /**
   * The name of the manager that becomes the owner of the written fields. Required for `apply`. Other writes may omit
   * it; the server then derives a name.
   */
  readonly fieldManager?: string;
  /** Should the server do everything except storing the result? Default false. */
  readonly dryRun?: boolean;
  /** What the server does with unknown and duplicate fields. Default `Warn`. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** `status`, `scale`, … */
  readonly subresource?: string;
}

/** Options of server-side apply. */
export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /**
   * Should the apply take over fields that another manager owns? If not, a different value for such a field is a
   * conflict. Default false.
   */
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
  /** The server responds with status 409 when the object does not match. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

/** A selection of the objects of a kind. */
export interface Selection {
  /** The namespace; absent for all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Options of a list. */
export interface ListOptions extends Selection, CallOptions {
  /**
   * The page size. Pages are read one after another until the list is complete. Default 500; 0 requests everything at
   * once.
   */
  readonly limit?: number;
  /** With `0`, the server may respond from its cache. By default, it returns the newest state. */
  readonly resourceVersion?: string;
  /**
   * Does the list contain only metadata? If so, objects have no spec, status or data; apiVersion and kind are those of
   * the request. Default false.
   */
  readonly metadataOnly?: boolean;
  /**
   * Called with the items of each page before the next page is requested. The callback may replace parts of the items,
   * so that a long list needs less memory.
   */
  readonly onPage?: (items: readonly KubeObject[]) => void;
}

/** All objects of a selection, and the version of the list. */
export interface ObjectList {
  readonly items: KubeObject[];
  readonly resourceVersion: string;
}

/** Options of a watch. */
export interface WatchOptions extends Selection, CallOptions {
  /**
   * The version after which the watch begins. Without it, the watch first lists the existing objects, or reads the list
   * as a stream.
   */
  readonly resourceVersion?: string;
  readonly metadataOnly?: boolean;
  /**
   * If no line arrives for this time, the watch is opened again. Default 330,000 ms, because the server ends a watch
   * after at most 300 s.
   */
  readonly idleTimeoutMs?: number;
}

/**
 * An event of a watch. Between `RESTARTED` and `SYNCED` the watch reports every existing object as `ADDED`; objects
 * that it does not report no longer exist. `wentBack`: the server has an earlier state than at the last event, for
 * example after a restore of etcd, so versions no longer show which object is newer. `ERROR`: a failure after which the
 * watch itself tries again.
 */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'RESTARTED' }
  | { readonly type: 'SYNCED'; readonly resourceVersion: string; readonly wentBack?: true }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly error: KubeError; readonly retryAfterMs: number };

/** The discovery entry of a kind. */
export type ApiResource = ResourceInfo;

/** Looks up the kinds that a server has. */
export interface Discovery {
  /**
   * The resource of a kind, or `undefined` when the server does not have it. An unknown kind is looked up on the
   * server, at most once a second. A known kind is returned from memory.
   */
  resourceOf(type: ResourceType, options?: CallOptions): Promise<ApiResource | undefined>;
  /**
   * The resource of a kind in the first version of the group that has the kind. The preferred version is tried first.
   */
  inGroup(group: string, kind: string, options?: CallOptions): Promise<ApiResource | undefined>;
  /**
   * Adds a resource that the caller knows, for example from a CRD or a compiled graph. This saves a discovery request.
   */
  learn(resource: ApiResource): void;
  /** All resources of the server. Always sends a new request. */
  all(options?: CallOptions): Promise<readonly ApiResource[]>;
  /** The known kinds of a group and version, without a request. */
  kindsOf(apiVersion: string): readonly string[];
  /** The known resource of a kind, without a request. */
  peek(type: ResourceType): ApiResource | undefined;
  /** Forgets a known kind (after a change of its CRD), a whole group, or everything. */
  forget(group?: string, kind?: string): void;
}

/** The user that the client impersonates. The server derives the groups of a ServiceAccount. */
export interface Impersonation {
  /** E.g. `system:serviceaccount:team-a:deployer`. */
  readonly user: string;
}

/** The calls of a client for one API server. `KubeClient` implements it; tests may wrap it. */
export interface KubernetesApi {
  readonly discovery: Discovery;
  get(ref: ObjectRef, options?: CallOptions & { readonly subresource?: string }): Promise<KubeObject>;
  /** Like `get`, but returns `undefined` when the object or its kind does not exist. */
  find(ref: ObjectRef, options?: CallOptions): Promise<KubeObject | undefined>;
  /** Lists the objects of a kind. Every item has apiVersion and kind, although servers omit them in some lists. */
  list(type: ResourceType, options?: ListOptions): Promise<ObjectList>;
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  update(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(ref: ObjectRef, body: JsonObject | JsonObject[], options?: PatchOptions): Promise<KubeObject>;
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | undefined>;
  watch(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent>;
  /** A client for the same server that impersonates another user. */
  as(impersonate: Impersonation): KubernetesApi;
  /**
   * A client for the same server that sends requests other than GET only while `mayWrite` returns true. The other ones
   * are rejected as aborted. Absent when the client cannot do this.
   */
  fenced?(mayWrite: () => boolean): KubernetesApi;
  /** Measures requests until the returned function is called. Absent when the client cannot measure. */
  measure?(meter: RequestMeter): () => void;
  /** Sends a request to any path of the server. The body is sent as JSON. Rejects with `KubeError`. */
  raw(request: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

/** A request outside the object verbs, such as `/version` or a log. */
export interface RawRequest extends CallOptions {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
}

/** The whole response to a raw request. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
