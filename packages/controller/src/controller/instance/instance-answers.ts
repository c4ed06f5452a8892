import { type KubeObject, definedMembers, typeMetaOf } from '@typekro/kit/core';
import {
  type ExecutionView,
  type ReadMemory,
  type RememberedWrite,
  attemptRead,
  type ExecutionPorts,
} from '../../execute/index.ts';
import type { KubernetesApi } from '@typekro/kube';
import { type ApplyAction, type Decisions, ObjectKey, ObjectTarget, WriteAttempt } from '@typekro/engine/runtime';
import type { CacheSet } from '../cache/cache-set.ts';
import { cacheKey } from '../cache/scope-watch.ts';
import { type Contests, revertedFields } from '../drift/contests.ts';
import { isRewrite, Rewrites } from '../drift/rewrites.ts';
import { isUnwatchable, namespaceUid } from './observed-view.ts';
import { type InstanceRecord, deleteOrDrop } from './record.ts';
import { listKeyOf } from './unwatched-objects.ts';

/** The context of one pass. */
export interface AnswerContext extends Pick<ExecutionPorts, 'user' | 'clock' | 'random' | 'signal'> {
  /** The client for children, with the identity of the definition, of the instance's namespace or of the Graph. */
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
  readonly contests: Contests;
  /** Returns the projection generation of the graph. */
  readonly projectionGeneration: () => number;
}

/**
 * The executor's view of the controller's state. Responses go into the caches at once. Failures and drift go into the
 * instance's record.
 */
export class InstanceAnswers implements ExecutionView {
  readonly #context: AnswerContext;
  readonly #record: InstanceRecord;

  constructor(context: AnswerContext, record: InstanceRecord) {
    this.#context = context;
    this.#record = record;
  }

  failedWrite(target: ObjectTarget, writer?: string): RememberedWrite | undefined {
    return this.#record.failed?.get(ObjectKey.ofWrite(target, writer));
  }

  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined, writer?: string): void {
    const record = this.#record;
    const key = ObjectKey.ofWrite(target, writer);
    if (failed !== undefined) (record.failed ??= new Map()).set(key, this.#withNamespace(target, failed));
    else if (record.failed !== undefined) record.failed = deleteOrDrop(record.failed, key);
  }

  /**
   * If the write failed because its namespace does not exist, adds the UID that the namespace has in the cache. The
   * pause after the failed write ends when the namespace appears, or has another UID.
   */
  #withNamespace({ namespace }: ObjectTarget, failed: RememberedWrite): RememberedWrite {
    if (namespace === undefined || !WriteAttempt.lacksNamespace(failed.failure)) return failed;
    return { ...failed, ...definedMembers({ namespaceUid: namespaceUid(this.#context.caches, namespace) }) };
  }

  applied(action: ApplyAction, answer: KubeObject): void {
    const { caches, clock, contests } = this.#context;
    const record = this.#record;
    caches.peek(action.target.type)?.observeApplied(action, answer, clock.now());
    record.unwatched?.applied(action, answer, clock.now());
    const key = ObjectKey.ofTarget(action.target);
    if (isRewrite(action)) {
      record.rewrites ??= new Rewrites();
      record.rewrites.add(key, record.templateNow?.sample ?? '', clock.now());
    }
    const reverted = revertedFields(action);
    if (reverted !== undefined) contests.add(key, reverted, clock.now());
  }

  deleted({ target, uid }: Decisions.DeleteAction, left: KubeObject | undefined): void {
    const cache = this.#context.caches.peek(target.type);
    if (left === undefined) cache?.observeGone(cacheKey(target), uid);
    else cache?.observe(left);
    this.#record.unwatched?.deleted(target, left);
    (this.#record.deleted ??= new Set()).add(uid);
    this.#confirm(target);
    this.#context.contests.delete(ObjectKey.ofTarget(target));
  }

  orphaned({ target, uid }: Decisions.OrphanAction, left: KubeObject | undefined): void {
    this.released({ target, uid }, left);
    this.#context.contests.delete(ObjectKey.ofTarget(target));
  }

  released({ target, uid }: Pick<Decisions.ReleaseAction, 'target' | 'uid'>, left: KubeObject | undefined): void {
    const cache = this.#context.caches.peek(target.type);
    if (left !== undefined) cache?.observe(left);
    else cache?.observeGone(cacheKey(target), uid ?? this.#uidInCache(target));
    this.#record.unwatched?.deleted(target, left);
    this.#confirm(target);
  }

  /**
   * Sends a read to the API server when no watch has the requested data: for a whole object, and for an object or a
   * list that the identity may not watch.
   */
  async read(request: Decisions.ReadRequest): Promise<void> {
    if (await this.#readUnwatched(request)) return;
    if (request.kind !== 'whole-object') return;
    const { client, caches, signal } = this.#context;
    const { target } = request;
    const read = await attemptRead(this.#context, failedReads(this.#record), ObjectKey.ofTarget(target), () =>
      client.find(ObjectTarget.refOf(target), { signal }),
    );
    if (!read.ok) return;
    if (request.why === 'unconfirmed') this.#confirm(target);
    const cache = caches.peek(target.type);
    if (read.value !== undefined) cache?.observeWhole(read.value);
    else cache?.observeGone(cacheKey(target), this.#uidInCache(target));
  }

  /**
   * Is the request answered? A read that needs no watch is. Any other read is answered when the caches have the
   * requested object or list. Until then, another step would find nothing new. The arrival of the object or list wakes
   * the instance.
   */
  isAnswered(request: Decisions.ReadRequest): boolean {
    const { caches, projectionGeneration } = this.#context;
    if (request.kind === 'whole-object' || this.#isUnwatched(request)) return true;
    if (request.kind === 'members') {
      return caches.ofGroupKind(request.target.group, request.target.kind).some(({ synced }) => synced);
    }
    const { type, namespace } = request.target;
    const cache = caches.peek(type);
    return cache?.syncedIn(namespace) === true && !cache.stale.hasStale(projectionGeneration());
  }

  /** Reads an object or a list by a single request if the identity may not watch it. Otherwise returns false. */
  async #readUnwatched(request: Decisions.ReadRequest): Promise<boolean> {
    const { unwatched } = this.#record;
    if (unwatched === undefined || request.kind === 'members' || !this.#isUnwatched(request)) return false;
    const { client, signal } = this.#context;
    const memory = failedReads(this.#record);
    if (request.kind === 'list') {
      const { target } = request;
      const { type, namespace, selector } = target;
      const read = await attemptRead(this.#context, memory, listKeyOf(type, namespace, selector), () =>
        client.list(typeMetaOf(type), {
          signal,
          labelSelector: selector,
          ...(namespace === undefined ? {} : { namespace }),
        }),
      );
      if (read.ok) unwatched.readList(target, read.value.items);
      return true;
    }
    const { target } = request;
    const read = await attemptRead(this.#context, memory, ObjectKey.ofTarget(target), () =>
      client.find(ObjectTarget.refOf(target), { signal }),
    );
    if (read.ok) unwatched.read(target, read.value);
    return true;
  }

  #isUnwatched(request: Decisions.ReadRequest): boolean {
    if (this.#record.unwatched === undefined || request.kind === 'members') return false;
    const { type, namespace } = request.target;
    const cache = this.#context.caches.peek(type);
    return isUnwatchable(cache, namespace);
  }

  /**
   * Records that a response of the API server reported the state of an object. The watch may report this state later.
   */
  #confirm(target: ObjectTarget): void {
    (this.#record.confirmed ??= new Set()).add(ObjectKey.ofTarget(target));
  }

  #uidInCache(target: ObjectTarget): string {
    return this.#context.caches.peek(target.type)?.get(cacheKey(target))?.object.metadata.uid ?? '';
  }
}

/** The failed reads of an instance, in the executor's form. */
export function failedReads(record: InstanceRecord): ReadMemory {
  return {
    get: (key) => record.unread?.get(key),
    set(key, failed) {
      if (failed !== undefined) (record.unread ??= new Map()).set(key, failed);
      else record.unread = deleteOrDrop(record.unread, key);
    },
  };
}
