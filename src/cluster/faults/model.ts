/** The verb of a request, as access rules name it; those of paths that are no resource are HTTP methods. */
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
  /** API group; `''` is the core group. Of paths that are no resource, too. */
  readonly group: string;
  readonly version: string;
  /** Plural, e.g. `deployments`; `''` for paths that are no resource. */
  readonly resource: string;
  /** Kind of the resource; `''` when nothing serves it. */
  readonly kind: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Name of the user, after impersonation. */
  readonly user: string;
  readonly userAgent: string;
}

/** Which requests a fault strikes. Everything that is given must hold; of a list, one entry. */
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
  /** Anything else. */
  readonly where?: (request: FaultRequest) => boolean;
}

/** What happens to a request that a fault strikes. Times are milliseconds of the cluster's clock. */
export type Fault =
  /**
   * The request is late. The rules after this one are asked as well, so latency combines with other faults.
   * `jitterMs` (default 0) adds a random share of itself, by the rule's seed.
   */
  | { readonly kind: 'latency'; readonly milliseconds: number; readonly jitterMs?: number }
  /** The server answers with this error instead of looking at the request. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly reason: string;
      readonly message?: string;
      /** Seconds that the `Retry-After` header asks for. Default: none. */
      readonly retryAfterSeconds?: number;
    }
  /** A write is answered 409 as if another client had changed the object meanwhile. */
  | { readonly kind: 'conflict' }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'disconnect' }
  /** The request is carried out, but the connection breaks before the answer arrives. */
  | { readonly kind: 'lost-answer' }
  /** The server answers 504 `Timeout`, which leaves the outcome open: carried out unless `executed` is false. */
  | { readonly kind: 'timeout'; readonly executed?: boolean }
  /** No answer ever comes: carried out unless `executed` is false; only the client's own limit ends the wait. */
  | { readonly kind: 'no-answer'; readonly executed?: boolean }
  /**
   * A get or list shows the cluster as it was at `resourceVersion`, or so many changes of its resource ago
   * (`behind`); default: as it was when the rule was added. What can no longer be told is shown as far back as it can.
   */
  | { readonly kind: 'stale'; readonly resourceVersion?: string; readonly behind?: number }
  /**
   * A watch ends after so many events (default 0: at once): properly (`end`, default), with a broken connection
   * (`break`), or with an `ERROR` event of 410 `Expired` (`expire`).
   */
  | { readonly kind: 'watch-drop'; readonly afterEvents?: number; readonly how?: 'end' | 'break' | 'expire' }
  /** A watch is half open after so many events (default 0): nothing arrives any more, not even its end. */
  | { readonly kind: 'watch-stall'; readonly afterEvents?: number }
  /** Every event of a watch is late by so much; their order stays. */
  | { readonly kind: 'watch-delay'; readonly milliseconds: number };

/** How often a rule strikes. */
export interface FaultOptions {
  /** How many times it strikes. Default: once; `Infinity` for always. */
  readonly times?: number;
  /** How many matching requests pass first. Default: 0. */
  readonly after?: number;
  /** The share of matching requests that is hit, 0 to 1. Default: 1. */
  readonly probability?: number;
  /** Seed of the rule's choices: the same seed makes the same choices. Default: 1. */
  readonly seed?: number;
}

/** A rule that was added. Disposing of it takes it back. */
export interface FaultRule extends Disposable {
  /** How many requests it hit so far. */
  readonly hits: number;
  /** Strikes no more. Watches that it holds stay held. */
  remove(): void;
}

/** Breaks requests on purpose, those of sockets and those of transports. Rules are asked in their order. */
export interface Faults {
  /** Adds a rule; a number is short for `{ times }`. */
  add(match: FaultMatch, fault: Fault, options?: FaultOptions | number): FaultRule;
  /** Takes all rules back. */
  clear(): void;
  /** How many times a rule hit a request so far. */
  readonly hits: number;
}
