/** The verb of a request, as in RBAC rules. For a non-resource path, the verb is the HTTP method in lower case. */
export type KubeVerb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | (string & Record<never, never>);

/** The properties of a request that the conditions of rules compare. */
export interface FaultRequest {
  /** The HTTP method. */
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly verb: KubeVerb;
  /** API group; `''` for the core group and for paths that are not a resource. */
  readonly group: string;
  readonly version: string;
  /** Plural, e.g. `deployments`; `''` for paths that are not a resource. */
  readonly resource: string;
  /** Kind of the resource; `''` when no resource serves the path. */
  readonly kind: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The name of the user. When the request impersonates a user, this is the name of the impersonated user. */
  readonly user: string;
  readonly userAgent: string;
}

/**
 * The requests that a fault hits. A request must meet all given conditions. A condition that is a list is met when one
 * of its values matches.
 */
export interface FaultMatch {
  readonly verb?: KubeVerb | readonly KubeVerb[];
  /** API group; `''` is the core group. */
  readonly group?: string | readonly string[];
  readonly kind?: string | readonly string[];
  /** Plural, e.g. `deployments`. */
  readonly resource?: string | readonly string[];
  /** `''` is the resource itself without its subresources. */
  readonly subresource?: string | readonly string[];
  readonly namespace?: string | readonly string[];
  readonly name?: string | readonly string[];
  /** User name, e.g. `system:serviceaccount:default:app`. */
  readonly user?: string | readonly string[];
  /** The HTTP method. */
  readonly method?: string | readonly string[];
  /** Matched against the path with its query. */
  readonly path?: RegExp;
  /** Any other condition. */
  readonly where?: (request: FaultRequest) => boolean;
}

/** The effect of a fault on a request. Times are in milliseconds of the cluster's clock. */
export type Fault =
  /**
   * The request is delayed by `milliseconds` and a random part of `jitterMs` (default 0). Later rules still apply to
   * the request, so that latency can be combined with other faults.
   */
  | { readonly kind: 'latency'; readonly milliseconds: number; readonly jitterMs?: number }
  /** The server responds with this error and does not process the request. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly reason: string;
      readonly message?: string;
      /** Seconds in the `Retry-After` header. Default: no header. */
      readonly retryAfterSeconds?: number;
    }
  /** The server responds to a write with 409, as if another client had changed the object in the meantime. */
  | { readonly kind: 'conflict' }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'disconnect' }
  /** The request is processed, but the connection breaks before the response arrives. */
  | { readonly kind: 'lost-answer' }
  /**
   * The server responds with 504 `Timeout`, so the client does not know the outcome. The request is processed unless
   * `executed` is false.
   */
  | { readonly kind: 'timeout'; readonly executed?: boolean }
  /** No response arrives, until the client gives up. The request is processed unless `executed` is false. */
  | { readonly kind: 'no-answer'; readonly executed?: boolean }
  /**
   * A get or list returns the state at `resourceVersion`, or the state before the last `behind` changes of the read
   * resource's objects. Default: the state when the rule was added. When the cluster no longer keeps that state, the
   * read returns the oldest state that the cluster keeps.
   */
  | { readonly kind: 'stale'; readonly resourceVersion?: string; readonly behind?: number }
  /**
   * A watch ends after `afterEvents` events (default 0: at once). It ends properly (`end`, default), with a broken
   * connection (`break`), or with an `ERROR` event of 410 `Expired` (`expire`).
   */
  | { readonly kind: 'watch-drop'; readonly afterEvents?: number; readonly how?: 'end' | 'break' | 'expire' }
  /**
   * A watch is half open after `afterEvents` events (default 0): the client receives no more events, and the stream
   * does not end.
   */
  | { readonly kind: 'watch-stall'; readonly afterEvents?: number }
  /** Every event of a watch is delayed. The events keep their order. */
  | { readonly kind: 'watch-delay'; readonly milliseconds: number };

/** Options that say which of the matching requests a rule hits, and how many. */
export interface FaultOptions {
  /** The number of requests that the rule hits. Default: 1; `Infinity` for all, 0 for none. */
  readonly times?: number;
  /** The number of matching requests that pass before the first hit. Default: 0. */
  readonly after?: number;
  /** The fraction of matching requests that the rule hits, 0 to 1. Default: 1. */
  readonly probability?: number;
  /** The seed of the rule's choices. Equal seeds make equal choices. Default: 1. */
  readonly seed?: number;
}

/** A rule of faults. Disposing of the rule removes it. */
export interface FaultRule extends Disposable {
  /** The number of requests that the rule has hit. */
  readonly hits: number;
  /** Removes the rule. Watches that the rule made half open stay half open. */
  remove(): void;
}

/**
 * Injects faults into requests over sockets and in-process transports. Rules apply in the order in which they were
 * added.
 */
export interface Faults {
  /**
   * Adds a rule. A number as `options` is short for `{ times }`.
   *
   * @throws TypeKroError `testing/unknown-option` for a kind of fault or a member that does not exist, and for a rule
   *   that can hit no request. Examples are a rule for the verb `gett`, and a `stale` fault for writes.
   */
  add(match: FaultMatch, fault: Fault, options?: FaultOptions | number): FaultRule;
  /** Removes all rules. */
  clear(): void;
  /** The number of hits of all rules. A request that two rules hit counts twice. */
  readonly hits: number;
}
