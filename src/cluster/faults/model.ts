/** The verb of a request, as access rules name it. For a path that is no resource it is the HTTP method. */
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

/** A request as rules see it. */
export interface FaultRequest {
  /** The HTTP method. */
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly verb: KubeVerb;
  /** API group; `''` is the core group, and also stands for paths that are no resource. */
  readonly group: string;
  readonly version: string;
  /** Plural, e.g. `deployments`; `''` for paths that are no resource. */
  readonly resource: string;
  /** Kind of the resource; `''` when no resource serves the path. */
  readonly kind: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Name of the user, after impersonation. */
  readonly user: string;
  readonly userAgent: string;
}

/** The requests that a fault hits. All given conditions must hold; a list holds when one of its entries does. */
export interface FaultMatch {
  readonly verb?: KubeVerb | readonly KubeVerb[];
  /** API group; `''` is the core group. */
  readonly group?: string | readonly string[];
  readonly kind?: string | readonly string[];
  /** Plural, e.g. `deployments`. */
  readonly resource?: string | readonly string[];
  /** `''` means the resource itself, without its subresources. */
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

/** The effect of a fault on a request. Times are milliseconds of the cluster's clock. */
export type Fault =
  /**
   * The request is delayed. Later rules are applied, too, so that latency combines with other faults. `jitterMs`
   * (default 0) adds a random part of itself, by the rule's seed.
   */
  | { readonly kind: 'latency'; readonly milliseconds: number; readonly jitterMs?: number }
  /** The server answers with this error and does not process the request. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly reason: string;
      readonly message?: string;
      /** Seconds in the `Retry-After` header. Default: no header. */
      readonly retryAfterSeconds?: number;
    }
  /** A write is answered with 409, as if another client had changed the object meanwhile. */
  | { readonly kind: 'conflict' }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'disconnect' }
  /** The request is processed, but the connection breaks before the answer arrives. */
  | { readonly kind: 'lost-answer' }
  /**
   * The server answers 504 `Timeout`, which leaves the outcome open. The request is processed unless `executed` is
   * false.
   */
  | { readonly kind: 'timeout'; readonly executed?: boolean }
  /** No answer arrives until the client gives up. The request is processed unless `executed` is false. */
  | { readonly kind: 'no-answer'; readonly executed?: boolean }
  /**
   * A get or list shows the cluster as it was at `resourceVersion`, or `behind` changes of its resource ago. Default:
   * as it was when the rule was added. When that state is no longer known, it shows the oldest known state.
   */
  | { readonly kind: 'stale'; readonly resourceVersion?: string; readonly behind?: number }
  /**
   * A watch ends after `afterEvents` events (default 0: at once): properly (`end`, default), with a broken connection
   * (`break`), or with an `ERROR` event of 410 `Expired` (`expire`).
   */
  | { readonly kind: 'watch-drop'; readonly afterEvents?: number; readonly how?: 'end' | 'break' | 'expire' }
  /** A watch is half open after `afterEvents` events (default 0): nothing arrives any more, not even its end. */
  | { readonly kind: 'watch-stall'; readonly afterEvents?: number }
  /** Every event of a watch is delayed; the order of events stays. */
  | { readonly kind: 'watch-delay'; readonly milliseconds: number };

/** The number and the choice of requests that a rule hits. */
export interface FaultOptions {
  /** The number of requests that the rule hits. Default: 1; `Infinity` for all. */
  readonly times?: number;
  /** The number of matching requests that pass first. Default: 0. */
  readonly after?: number;
  /** The fraction of matching requests that the rule hits, 0 to 1. Default: 1. */
  readonly probability?: number;
  /** The seed of the rule's choices. Equal seeds make equal choices. Default: 1. */
  readonly seed?: number;
}

/** A rule of faults. Its disposal removes it. */
export interface FaultRule extends Disposable {
  /** The number of requests that the rule has hit. */
  readonly hits: number;
  /** Removes the rule. Watches that it holds half open stay so. */
  remove(): void;
}

/**
 * Disturbs requests over sockets and in-process transports on purpose. Rules are applied in the order in which they
 * were added.
 */
export interface Faults {
  /** Adds a rule. A number is short for `{ times }`. */
  add(match: FaultMatch, fault: Fault, options?: FaultOptions | number): FaultRule;
  /** Removes all rules. */
  clear(): void;
  /** The number of requests that rules have hit. */
  readonly hits: number;
}
