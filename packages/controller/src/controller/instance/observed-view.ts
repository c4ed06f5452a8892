import { type GroupVersionKind, typeMetaOf } from '@typekro/kit/core';
import type { ApiResource, Discovery } from '@typekro/kube';
import { type ObjectTarget, type Observations, type Targets, ObjectKey, WriteAttempt } from '@typekro/engine/runtime';
import { apiFailure } from '../../execute/index.ts';
import { labelMatcher } from '@typekro/kit/kubernetes';
import type { ActingIdentity } from '../acting-identity.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKey, cacheKeyOf } from '../cache/scope-watch.ts';
import type { Contests } from '../drift/contests.ts';
import type { InstanceRecord } from './record.ts';
import { listKeyOf } from './unwatched-objects.ts';

/**
 * A view of the caches for one step of one instance. The view also records the kinds whose members the step requested.
 */
export class ObservedView implements Observations.Observed {
  readonly #caches: CacheSet;
  readonly #contests: Contests;
  readonly #record: InstanceRecord;
  readonly #now: number;
  readonly #projectionGeneration: () => number;
  /** The user that the caches impersonate in their requests; `undefined` if they send them as the controller. */
  readonly #user: string | undefined;
  /** The kinds whose members the step requested, by `group/kind`. */
  readonly requestedKinds = new Map<string, Targets.MemberTarget>();
  /** The types that the step requested and that discovery has not found. */
  readonly unknownTypes: GroupVersionKind[] = [];
  readonly #discovery: Discovery;

  /**
   * `projectionGeneration` returns the lowest generation (see `CacheSet.keepGraph`) whose projections keep all fields
   * that the graph reads. It can rise during a step, when discovery finds the kind of a node with a computed kind.
   */
  constructor(
    { caches, user, client, contests }: ActingIdentity & { readonly contests: Contests },
    record: InstanceRecord,
    now: number,
    projectionGeneration: () => number,
  ) {
    this.#now = now;
    this.#projectionGeneration = projectionGeneration;
    this.#user = user;
    this.#discovery = client.discovery;
    this.#caches = caches;
    this.#contests = contests;
    this.#record = record;
  }

  object(target: ObjectTarget): Observations.Observation {
    const cache = this.#caches.peek(target.type);
    if (this.#isUnwatched(cache, target.namespace)) return this.#unwatchedObject(target);
    const key = cacheKey(target);
    const live = cache?.get(key, this.#projectionGeneration());
    if (live !== undefined) return { state: 'present', live };
    const isStale = cache?.stale.isStale(key, this.#projectionGeneration()) === true;
    if (isStale) cache.stale.await(this.#record.id);
    else if (cache?.syncedIn(target.namespace) === true) return { state: 'absent' };
    const error = cache?.errorIn(target.namespace);
    if (error === undefined) return { state: 'unknown' };
    return { state: 'failed', failure: apiFailure(error, this.#user) };
  }

  list(target: Targets.ListTarget): Observations.ListObservation {
    const cache = this.#caches.peek(target.type);
    if (this.#isUnwatched(cache, target.namespace)) return this.#unwatchedList(target);
    if (cache === undefined) return { state: 'unknown' };
    if (!cache.syncedIn(target.namespace)) return this.#missingList(cache, target.namespace);
    const matches = labelMatcher(target.selector);
    const objects: Observations.LiveObject[] = [];
    const isProjectionTooSmall = cache.stale.hasStale(this.#projectionGeneration());
    for (const live of cache.values()) {
      const { namespace, labels } = live.object.metadata;
      if (target.namespace !== undefined && target.namespace !== namespace) continue;
      // The projection of a stale entry may lack the labels that the selector needs.
      if (isProjectionTooSmall && cache.stale.isStale(cacheKeyOf(live.object), this.#projectionGeneration())) {
        cache.stale.await(this.#record.id);
        return this.#missingList(cache, target.namespace);
      }
      if (matches(labels)) objects.push(live);
    }
    return { state: 'known', objects };
  }

  members(target: Targets.MemberTarget): Observations.ListObservation {
    const { group, kind } = target;
    this.requestedKinds.set(`${group}/${kind}`, target);
    const caches = this.#caches.ofGroupKind(group, kind);
    const cache = caches.find(({ synced }) => synced) ?? caches[0];
    if (cache === undefined) {
      if (this.#record.memberKinds?.get(`${group}/${kind}`) === 'unserved') return { state: 'unserved' };
      const failed = this.#record.unread?.get(`${group}/${kind}`);
      if (failed === undefined || failed.retryAt <= this.#now) return { state: 'unknown' };
      return { state: 'failed', failure: failed.failure, retryAt: failed.retryAt };
    }
    const unread = cache.synced ? undefined : this.#unreadNamespace(cache, target.namespaces);
    if (unread !== undefined) return this.#missingList(cache, unread === '' ? undefined : unread);
    const namespaces = new Set(target.namespaces);
    const inScope = ({ object }: Observations.LiveObject) => {
      const { namespace } = object.metadata;
      return namespace === undefined || namespace === '' || namespaces.has(namespace);
    };
    return { state: 'known', objects: cache.membersOf(target.applySet).filter(inScope) };
  }

  /**
   * The first unlisted namespace that has an error; if none has an error, the first unlisted namespace. `''` means the
   * whole cluster; `undefined` when all namespaces are listed.
   */
  #unreadNamespace(cache: KindCache, namespaces: readonly string[]): string | undefined {
    if (!cache.type.namespaced) return '';
    const unread = namespaces.filter((namespace) => !cache.syncedIn(namespace));
    return unread.find((namespace) => cache.errorIn(namespace) !== undefined) ?? unread[0];
  }

  /** The observation of a list that the cache does not have. It states why the list is missing. */
  #missingList(cache: KindCache, namespace: string | undefined): Observations.ListObservation {
    const error = cache.errorIn(namespace);
    if (error === undefined) return { state: 'unknown' };
    if (error.reason === 'UnknownKind') return { state: 'unserved' };
    return { state: 'failed', failure: apiFailure(error, this.#user) };
  }

  #isUnwatched(cache: KindCache | undefined, namespace: string | undefined): boolean {
    return this.#record.unwatched !== undefined && isUnwatchable(cache, namespace);
  }

  #unwatchedObject(target: ObjectTarget): Observations.Observation {
    const { unwatched } = this.#record;
    if (unwatched?.has(target) === true) {
      const live = unwatched.get(target);
      return live === undefined ? { state: 'absent' } : { state: 'present', live };
    }
    return this.#pausedRead(ObjectKey.ofTarget(target)) ?? { state: 'unknown' };
  }

  #unwatchedList(target: Targets.ListTarget): Observations.ListObservation {
    const objects = this.#record.unwatched?.list(target);
    if (objects !== undefined) return { state: 'known', objects };
    const { type, namespace, selector } = target;
    return this.#pausedRead(listKeyOf(type, namespace, selector)) ?? { state: 'unknown' };
  }

  /** The failure of a read; `undefined` when the read has not failed, or when its next attempt is due. */
  #pausedRead(key: string) {
    const failed = this.#record.unread?.get(key);
    if (failed === undefined || failed.retryAt <= this.#now) return undefined;
    return { state: 'failed', failure: failed.failure, retryAt: failed.retryAt } as const;
  }

  /**
   * The API resource of a type that discovery has found. A type that discovery has not found is added to
   * `unknownTypes`.
   */
  typeOf(type: GroupVersionKind): ApiResource | undefined {
    const found = this.#discovery.peek(typeMetaOf(type));
    if (found === undefined) this.unknownTypes.push(type);
    return found;
  }

  failedWrite(target: ObjectTarget, writer?: string): Observations.FailedWrite | undefined {
    return this.#record.failed?.get(ObjectKey.ofWrite(target, writer));
  }

  namespaceUid(name: string): string | undefined {
    return namespaceUid(this.#caches, name);
  }

  isDeleted(_target: ObjectTarget, uid: string): boolean {
    return this.#record.deleted?.has(uid) === true;
  }

  isConfirmed(target: ObjectTarget): boolean {
    const { confirmed, unwatched } = this.#record;
    return confirmed?.has(ObjectKey.ofTarget(target)) === true || unwatched?.has(target) === true;
  }

  failedRead(target: ObjectTarget): Observations.FailedRead | undefined {
    return this.#record.unread?.get(ObjectKey.ofTarget(target));
  }

  watchState({ type, namespace }: ObjectTarget | Targets.ListTarget): Observations.WatchState {
    const cache = this.#caches.peek(type);
    if (cache?.syncedIn(namespace) === true) return { state: 'synced' };
    const error = cache?.errorIn(namespace);
    return error === undefined ? { state: 'pending' } : { state: 'blocked', failure: apiFailure(error, this.#user) };
  }

  contest(target: ObjectTarget): Observations.Contest | undefined {
    const key = ObjectKey.ofTarget(target);
    const { rewrites, templateNow } = this.#record;
    const contest = this.#contests.at(key, this.#record, this.#now);
    return contest ?? rewrites?.contestAt(key, templateNow?.sample ?? '', this.#now);
  }
}

/**
 * Must the objects of a namespace be read without a watch? True when the identity may not watch them, or when the kind
 * has no cache. A kind has no cache when no node of the graph has the kind.
 */
export function isUnwatchable(cache: KindCache | undefined, namespace: string | undefined): boolean {
  return cache === undefined || (!cache.syncedIn(namespace) && cache.errorIn(namespace)?.status === 403);
}

/** The UID of a namespace in the cache; `undefined` when the namespace is missing, or while no instance watches it. */
export function namespaceUid(caches: CacheSet, name: string): string | undefined {
  return caches.peek(WriteAttempt.NAMESPACE_TYPE)?.get(`/${name}`)?.object.metadata.uid;
}
