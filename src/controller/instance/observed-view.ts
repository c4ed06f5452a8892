import type {
  Contest,
  FailedRead,
  FailedWrite,
  ListObservation,
  ListTarget,
  LiveObject,
  MemberTarget,
  ObjectTarget,
  Observation,
  Observed,
} from '../../runtime/index.ts';
import { targetKey, writeKey } from '../../runtime/index.ts';
import { apiFailure } from '../../execute/index.ts';
import { labelMatcher } from '../../kubernetes/index.ts';
import type { ActingIdentity } from '../acting-identity.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKeyOf } from '../cache/scope-watch.ts';
import { contestAt } from '../drift/contests.ts';
import type { InstanceRecord } from './record.ts';

/**
 * A view of the caches for one step of one instance. The view also records the kinds whose members the step asked for.
 */
export class ObservedView implements Observed {
  readonly #caches: CacheSet;
  readonly #record: InstanceRecord;
  readonly #now: number;
  readonly #projectionGeneration: number;
  /** The user of the caches' requests; `undefined` for the controller itself. */
  readonly #user: string | undefined;
  /** The kinds whose members the step asked for, by `group/kind`. */
  readonly askedKinds = new Map<string, MemberTarget>();

  /** `projectionGeneration` is the generation with which the graph reads. */
  constructor(
    { caches, user }: Pick<ActingIdentity, 'caches' | 'user'>,
    record: InstanceRecord,
    now: number,
    projectionGeneration: number,
  ) {
    this.#now = now;
    this.#projectionGeneration = projectionGeneration;
    this.#user = user;
    this.#caches = caches;
    this.#record = record;
  }

  object(target: ObjectTarget): Observation {
    const cache = this.#caches.peek(target.type);
    const key = cacheKey(target);
    const live = cache?.get(key, this.#projectionGeneration);
    if (live !== undefined) return { state: 'present', live };
    const isStale = cache?.stale.isStale(key, this.#projectionGeneration) === true;
    if (isStale) cache.stale.await(this.#record.id);
    else if (cache?.syncedIn(target.namespace) === true) return { state: 'absent' };
    const error = cache?.errorIn(target.namespace);
    if (error === undefined) return { state: 'unknown' };
    return { state: 'failed', failure: apiFailure(error, this.#user) };
  }

  list(target: ListTarget): ListObservation {
    const cache = this.#caches.peek(target.type);
    if (cache === undefined) return { state: 'unknown' };
    if (!cache.syncedIn(target.namespace)) return this.#unreadable(cache, target.namespace);
    const matches = labelMatcher(target.selector);
    const objects: LiveObject[] = [];
    const isProjectionTooSmall = cache.stale.hasStale(this.#projectionGeneration);
    for (const live of cache.values()) {
      const { namespace, labels } = live.object.metadata;
      if (target.namespace !== undefined && target.namespace !== namespace) continue;
      // A stale entry may not have the labels.
      if (isProjectionTooSmall && cache.stale.isStale(cacheKeyOf(live.object), this.#projectionGeneration)) {
        cache.stale.await(this.#record.id);
        return this.#unreadable(cache, target.namespace);
      }
      if (matches(labels)) objects.push(live);
    }
    return { state: 'known', objects };
  }

  members(target: MemberTarget): ListObservation {
    const { group, kind } = target;
    this.askedKinds.set(`${group}/${kind}`, target);
    const caches = this.#caches.ofGroupKind(group, kind);
    const cache = caches.find(({ synced }) => synced) ?? caches[0];
    if (cache === undefined) {
      if (this.#record.memberKinds?.get(`${group}/${kind}`) === 'unserved') return { state: 'unserved' };
      const failed = this.#record.unread?.get(`${group}/${kind}`);
      if (failed === undefined || failed.retryAt <= this.#now) return { state: 'unknown' };
      return { state: 'failed', failure: failed.failure, retryAt: failed.retryAt };
    }
    const unread = cache.synced ? undefined : this.#unreadNamespace(cache, target.namespaces);
    if (unread !== undefined) return this.#unreadable(cache, unread === '' ? undefined : unread);
    const namespaces = new Set(target.namespaces);
    const inScope = ({ object }: LiveObject) => {
      const { namespace } = object.metadata;
      return namespace === undefined || namespace === '' || namespaces.has(namespace);
    };
    return { state: 'known', objects: cache.membersOf(target.applySet).filter(inScope) };
  }

  /**
   * The first namespace that is not listed, preferring one with an error. `''` stands for the whole cluster;
   * `undefined` when all are listed.
   */
  #unreadNamespace(cache: KindCache, namespaces: readonly string[]): string | undefined {
    if (!cache.type.namespaced) return '';
    const unread = namespaces.filter((namespace) => !cache.syncedIn(namespace));
    return unread.find((namespace) => cache.errorIn(namespace) !== undefined) ?? unread[0];
  }

  #unreadable(cache: KindCache, namespace: string | undefined): ListObservation {
    const error = cache.errorIn(namespace);
    if (error === undefined) return { state: 'unknown' };
    if (error.reason === 'UnknownKind') return { state: 'unserved' };
    return { state: 'failed', failure: apiFailure(error, this.#user) };
  }

  failedWrite(target: ObjectTarget, writer?: string): FailedWrite | undefined {
    return this.#record.failed?.get(writeKey(target, writer));
  }

  failedRead(target: ObjectTarget): FailedRead | undefined {
    return this.#record.unread?.get(targetKey(target));
  }

  contest(target: ObjectTarget): Contest | undefined {
    return contestAt(this.#record.drift?.get(targetKey(target)), this.#now);
  }
}

/** The key of a target in the cache of its kind. */
export function cacheKey(target: ObjectTarget): string {
  return `${target.namespace ?? ''}/${target.name}`;
}
