import { seededRandom } from '@typekro/kit/core';
import type { ClusterClock, Timer } from '../cluster-clock.ts';
import type { ApiReply, Interceptor, RequestHead } from '../protocol/request.ts';
import { ApiError, conflict } from '../errors/api-error.ts';
import { requireKnownMembers } from './known-members.ts';
import { FAULT_VERBS } from './never-hits.ts';
import type { Fault, FaultMatch, FaultOptions, FaultRequest, FaultRule, Faults } from './fault.ts';
import { cutStream, delayedStream } from './streams.ts';
import { replyError } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import { attributesOf } from '../auth/authorize.ts';

/** The parts of the cluster that faults use. Fault rules see each request before the cluster handles it. */
export interface FaultContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: ClusterClock;
  intercept: Interceptor | undefined;
}

/** Processes a request. A request with `asOf` reads the state of the cluster at that resource version. */
type Proceed = (request: RequestHead) => Promise<ApiReply>;

interface Rule {
  readonly match: FaultMatch;
  readonly fault: Fault;
  readonly random: () => number;
  readonly probability: number;
  /** The cluster's resource version when the rule was added. */
  readonly since: number;
  passing: number;
  remaining: number;
  hits: number;
}

/** The faults of a cluster. Requests pass through this class only while rules exist. */
export class FaultRules implements Faults {
  readonly #context: FaultContext;
  readonly #rules = new Set<Rule>();
  /** The functions that end half-open streams. */
  readonly #stalled = new Set<() => void>();
  /** The timers of delayed requests. */
  readonly #waiting = new Set<Timer>();
  #hits = 0;

  constructor(context: FaultContext) {
    this.#context = context;
  }

  get hits(): number {
    return this.#hits;
  }

  add(match: FaultMatch, fault: Fault, options: FaultOptions | number = {}): FaultRule {
    requireKnownMembers(match, fault, options);
    const {
      times = 1,
      after = 0,
      probability = 1,
      seed = 1,
    } = typeof options === 'number' ? { times: options } : options;
    const rule: Rule = {
      match,
      fault,
      random: seededRandom(seed),
      probability,
      since: this.#context.store.version,
      passing: after,
      remaining: times,
      hits: 0,
    };
    if (times > 0) {
      this.#rules.add(rule);
      this.#context.intercept = (request, proceed) => this.#intercept(request, proceed);
    }
    const remove = () => this.#remove(rule);
    return {
      get hits() {
        return rule.hits;
      },
      remove,
      [Symbol.dispose]: remove,
    };
  }

  clear(): void {
    this.#rules.clear();
    this.#context.intercept = undefined;
  }

  /** Ends half-open streams and cancels the timers of delayed requests. Called when the cluster closes. */
  close(): void {
    this.clear();
    for (const end of this.#stalled) end();
    this.#stalled.clear();
    for (const timer of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  #remove(rule: Rule): void {
    this.#rules.delete(rule);
    if (this.#rules.size === 0) this.#context.intercept = undefined;
  }

  /**
   * Applies the rules that existed when the request arrived. A rule that was removed or used up while the request was
   * delayed does not apply.
   */
  async #intercept(request: RequestHead, proceed: Proceed): Promise<ApiReply> {
    const shown = faultRequest(this.#context.registry, request);
    for (const rule of Array.from(this.#rules)) {
      if (!this.#rules.has(rule)) continue;
      if (!applies(rule.fault, shown) || !matchesFault(rule.match, shown) || !this.#tryHit(rule)) continue;
      if (rule.fault.kind !== 'latency') return this.#inject(rule, rule.fault, request, shown, proceed);
      const { milliseconds, jitterMs = 0 } = rule.fault;
      await this.#wait(milliseconds + jitterMs * rule.random());
    }
    return proceed(request);
  }

  #tryHit(rule: Rule): boolean {
    if (rule.passing > 0) {
      rule.passing -= 1;
      return false;
    }
    if (rule.probability < 1 && rule.random() >= rule.probability) return false;
    rule.remaining -= 1;
    if (rule.remaining <= 0) this.#remove(rule);
    rule.hits += 1;
    this.#hits += 1;
    return true;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.clock.setTimer(milliseconds, () => {
        this.#waiting.delete(timer);
        resolve();
      });
      this.#waiting.add(timer);
    });
  }

  async #inject(
    rule: Rule,
    fault: Exclude<Fault, { kind: 'latency' }>,
    request: RequestHead,
    shown: FaultRequest,
    proceed: Proceed,
  ): Promise<ApiReply> {
    switch (fault.kind) {
      case 'error':
        return replyError(injectedError(fault));
      case 'conflict':
        return replyError(conflict({ group: shown.group, plural: shown.resource }, shown.name, MODIFIED));
      case 'disconnect':
        return BROKEN;
      case 'lost-answer':
        discard(await proceed(request));
        return BROKEN;
      case 'timeout':
        if (fault.executed !== false) discard(await proceed(request));
        return replyError(
          new ApiError({
            code: 504,
            reason: 'Timeout',
            message: 'injected: request did not complete within the limit',
          }),
        );
      case 'no-answer':
        if (fault.executed !== false) discard(await proceed(request));
        return { ...BROKEN, fate: 'hang' };
      case 'stale':
        return proceed({ ...request, asOf: this.#past(rule, fault, shown) });
      case 'watch-drop':
      case 'watch-stall':
      case 'watch-delay':
        return this.#onStream(fault, await proceed(request));
    }
  }

  #onStream(fault: Extract<Fault, { kind: 'watch-drop' | 'watch-stall' | 'watch-delay' }>, reply: ApiReply): ApiReply {
    if (reply.stream === undefined) return reply;
    switch (fault.kind) {
      case 'watch-delay':
        return { ...reply, stream: delayedStream(reply.stream, this.#context.clock, fault.milliseconds) };
      case 'watch-stall':
        return { ...reply, stream: cutStream(reply.stream, fault.afterEvents ?? 0, 'stall', this.#stalled) };
      case 'watch-drop':
        return { ...reply, stream: cutStream(reply.stream, fault.afterEvents ?? 0, fault.how ?? 'end', this.#stalled) };
    }
  }

  /** The resource version whose state a stale read returns. */
  #past(rule: Rule, fault: Extract<Fault, { kind: 'stale' }>, shown: FaultRequest): number {
    if (fault.resourceVersion !== undefined) return Number(fault.resourceVersion);
    if (fault.behind === undefined) return rule.since;
    const resource = this.#context.registry.find(shown.group, shown.version, shown.resource);
    if (resource === undefined) return rule.since;
    const events = resource.collection.since(resource.collection.oldest) ?? [];
    // The stale state is the state before the last `behind` events.
    const event = events[Math.max(0, events.length - fault.behind)];
    return event === undefined ? this.#context.store.version : event.stored.version - 1;
  }
}

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';
const BROKEN: ApiReply = { status: 0, headers: {}, fate: 'break' };

/** Can the fault of a rule hit the request? A stale read, for example, cannot hit a write. */
function applies({ kind }: Fault, { verb, resource }: FaultRequest): boolean {
  const verbs = FAULT_VERBS[kind];
  return verbs === undefined || (resource !== '' && verbs.includes(verb));
}

function injectedError(fault: Extract<Fault, { kind: 'error' }>): ApiError {
  const { status: code, reason, message = `injected: ${reason}`, retryAfterSeconds } = fault;
  return new ApiError({
    code,
    reason,
    message,
    ...(retryAfterSeconds === undefined
      ? {}
      : { details: { retryAfterSeconds }, headers: { 'retry-after': String(retryAfterSeconds) } }),
  });
}

/** Drops a response that no client reads, and stops its stream. */
function discard(reply: ApiReply): void {
  reply.stream?.stop();
}

/** Collects the properties of a request that the conditions of rules compare. */
function faultRequest(registry: Registry, request: RequestHead): FaultRequest {
  const { verb, group, resource, subresource, namespace, name } = attributesOf(request);
  const version = (request.segments[0] === 'api' ? request.segments[1] : request.segments[2]) ?? '';
  return {
    method: request.method,
    path: request.target,
    verb,
    group,
    version,
    resource,
    kind: registry.find(group, version, resource)?.kind ?? '',
    subresource,
    namespace,
    name,
    user: request.user.name,
    userAgent: request.headers['user-agent'] ?? '',
  };
}

const FIELDS = ['verb', 'group', 'kind', 'resource', 'subresource', 'namespace', 'name', 'user', 'method'] as const;

/** Does the request meet all conditions of a rule? */
function matchesFault(match: FaultMatch, request: FaultRequest): boolean {
  for (const field of FIELDS) {
    const wanted = match[field];
    if (wanted === undefined) continue;
    if (typeof wanted === 'string' ? wanted !== request[field] : !wanted.includes(request[field])) return false;
  }
  if (match.path !== undefined && request.path.search(match.path) < 0) return false;
  return match.where === undefined || match.where(request);
}
