import type { KubeObject } from '../../core/index.ts';
import type { ExecutionView, ReadMemory, RememberedWrite } from '../../execute/index.ts';
import { attemptRead } from '../../execute/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import type { ApplyAction, DeleteAction, ObjectTarget, ReadRequest } from '../../runtime/index.ts';
import { refOfTarget, targetKey, writeKey } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import { NO_DRIFT, withRevert, revertedFields } from '../drift/contests.ts';
import { cacheKey } from './observed-view.ts';
import type { InstanceRecord } from './record.ts';
import { deleteOrDrop } from './record.ts';

/** The context of one pass. */
export interface AnswerContext {
  /** The client for children, with the account that the definition names. */
  readonly client: KubernetesApi;
  readonly user: string | undefined;
  readonly caches: CacheSet;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
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
    return this.#record.failed?.get(writeKey(target, writer));
  }

  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined, writer?: string): void {
    const record = this.#record;
    const key = writeKey(target, writer);
    if (failed !== undefined) (record.failed ??= new Map()).set(key, failed);
    else if (record.failed !== undefined) record.failed = deleteOrDrop(record.failed, key);
  }

  applied(action: ApplyAction, answer: KubeObject): void {
    const { caches, clock } = this.#context;
    caches.peek(action.target.type)?.observeApplied(answer, action.fingerprint);
    const reverted = revertedFields(action);
    if (reverted === undefined) return;
    const key = targetKey(action.target);
    const drift = (this.#record.drift ??= new Map());
    drift.set(key, withRevert(drift.get(key) ?? NO_DRIFT, reverted, clock.now()));
  }

  deleted({ target, uid }: DeleteAction, left: KubeObject | undefined): void {
    const cache = this.#context.caches.peek(target.type);
    if (left === undefined) cache?.observeGone(cacheKey(target), uid);
    else cache?.observe(left);
    this.#record.drift = deleteOrDrop(this.#record.drift, targetKey(target));
  }

  /**
   * Reads a whole object from the API server. Other requests need no read, because watches deliver projections and
   * lists.
   */
  async read(request: ReadRequest): Promise<void> {
    if (request.kind !== 'whole-object') return;
    const { client, caches, signal } = this.#context;
    const { target } = request;
    const read = await attemptRead(this.#context, failedReads(this.#record), targetKey(target), () =>
      client.find(refOfTarget(target), { signal }),
    );
    if (!read.ok) return;
    const cache = caches.peek(target.type);
    if (read.value !== undefined) cache?.observeWhole(read.value);
    else cache?.observeGone(cacheKey(target), this.#uidInCache(target));
  }

  /**
   * Do the caches have the requested object or list? While they do not, another step would find nothing new. The
   * arrival of the object or list wakes the instance.
   */
  isAnswered(request: ReadRequest): boolean {
    const { caches, projectionGeneration } = this.#context;
    if (request.kind === 'whole-object') return true;
    if (request.kind === 'members') {
      return caches.ofGroupKind(request.target.group, request.target.kind).some(({ synced }) => synced);
    }
    const { type, namespace } = request.target;
    const cache = caches.peek(type);
    return cache?.syncedIn(namespace) === true && !cache.stale.hasStale(projectionGeneration());
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
