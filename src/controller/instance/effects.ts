import type { JsonValue, KubeObject } from '../../core/index.ts';
import { backoffMs, refOf, RETRY_POLICIES, SILENT_RETRIES, MAX_SILENT_WAIT_MS } from '../../core/index.ts';
import { isConflict, isNotFound, KubeError, pause } from '../../kube/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import { classify, isBusy } from '../../kubernetes/index.ts';
import type { ApplyAction, Decision, DeleteAction, ObjectTarget, ReadRequest } from '../../runtime/index.ts';
import { digestText, keys, refOfTarget } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { keyOf } from '../cache/scope-watch.ts';
import { NO_DRIFT, noteRevert, revertedBy } from '../drift/contests.ts';
import { apiFailure } from './api-failure.ts';
import { eachEffect } from './each-effect.ts';
import { cacheKey, targetKey } from './observed-view.ts';
import type { InstanceRecord } from './record.ts';
import { without } from './record.ts';

/** What is decided once is sent once: after a pause another decision may be due. */
const ONCE = { repeat: false } as const;

/** What carrying out decisions needs. */
export interface EffectContext {
  /** For children, as whoever the definition names. */
  readonly client: KubernetesApi;
  /** Who that is; absent for the controller itself. */
  readonly user: string | undefined;
  readonly caches: CacheSet;
  /** For the instance itself, which is the controller's own. */
  readonly own: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/**
 * Writes the instance's own metadata: labels and finalizer, then the inventory; or takes the finalizer
 * off. Without it nothing else may be written, so a refusal is remembered and told by the next decision.
 */
export async function writeParent(
  context: EffectContext,
  record: InstanceRecord,
  instances: KindCache,
  instance: KubeObject,
  parent: Decision['parent'],
): Promise<'nothing' | 'written' | 'decide-again'> {
  if (Object.keys(parent).length === 0) return 'nothing';
  const { name = '', namespace } = instance.metadata;
  const target = { type: instances.type, name, ...(namespace === undefined ? {} : { namespace }) };
  try {
    await carryOutParent(context, instances, instance, parent);
    record.failed = without(record.failed, targetKey(target));
    return 'written';
  } catch (thrown) {
    // Decided on a version that is no longer the newest: decide again on that.
    if (isConflict(thrown) && (await readAgain(context, instances, instance)) === 'changed') return 'decide-again';
    await rememberFailure(context, record, target, '', thrown);
    return 'decide-again';
  }
}

async function carryOutParent(
  context: EffectContext,
  instances: KindCache,
  instance: KubeObject,
  parent: Decision['parent'],
): Promise<void> {
  const { own, signal } = context;
  const { labels, inventory, removeFinalizer } = parent;
  // The labels bring the whole inventory along: `ownInventory` need not be waited for.
  if (labels !== undefined) {
    instances.observe(await own.apply(labels, { fieldManager: keys.LABEL_MANAGER, force: true, signal, ...ONCE }));
  } else if (inventory !== undefined) {
    instances.observe(
      await own.apply(inventory, { fieldManager: keys.INVENTORY_MANAGER, force: true, signal, ...ONCE }),
    );
  }
  if (removeFinalizer === true) await dropFinalizer(context, instances, instance);
}

/**
 * Applies the inventory under its own manager, too, when the labels brought it: kro's later writes of the
 * labels alone must not take it away. Children may be written meanwhile, since they are covered already.
 */
export async function ownInventory(
  context: EffectContext,
  instances: KindCache,
  instance: KubeObject,
  { labels, inventory }: Decision['parent'],
): Promise<void> {
  if (labels === undefined || inventory === undefined) return;
  const { own, signal } = context;
  try {
    instances.observe(
      await own.apply(inventory, { fieldManager: keys.INVENTORY_MANAGER, force: true, signal, ...ONCE }),
    );
  } catch (thrown) {
    // It will be due again when the rest is done.
    if (isPassing(thrown)) return;
    // It was deleted or replaced meanwhile: the next step sees what is there.
    if (!isConflict(thrown) && !isNotFound(thrown)) throw thrown;
    await readAgain(context, instances, instance);
  }
}

/** Takes our finalizer off, and nobody else's: the version makes sure that none was added meanwhile. */
async function dropFinalizer(context: EffectContext, instances: KindCache, instance: KubeObject): Promise<void> {
  const { own, signal } = context;
  const { uid = '', resourceVersion, finalizers = [] } = instance.metadata;
  const ref = refOf(instance);
  const left = finalizers.filter((finalizer) => finalizer !== keys.FINALIZER);
  const body = { metadata: { finalizers: left, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  try {
    const answer = await own.patch(ref, body, { fieldManager: 'kro', signal, ...ONCE });
    if (left.length === 0) instances.observeGone(keyOf(instance), uid);
    else instances.observe(answer);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
    instances.observeGone(keyOf(instance), uid);
  }
}

/** Fetches the instance. Was it known as it is? Then a conflict is about something else, and will be there again. */
async function readAgain(
  context: EffectContext,
  instances: KindCache,
  instance: KubeObject,
): Promise<'same' | 'changed'> {
  const { uid = '', resourceVersion } = instance.metadata;
  const fresh = await context.own.find(refOf(instance), { signal: context.signal });
  if (fresh === undefined) instances.observeGone(keyOf(instance), uid);
  else instances.observe(fresh);
  return fresh?.metadata.uid === uid && fresh.metadata.resourceVersion === resourceVersion ? 'same' : 'changed';
}

/**
 * Applies one child. What the server answers is known at once; a refusal is remembered with its pause. True when
 * it was written.
 */
export async function applyChild(
  context: EffectContext,
  record: InstanceRecord,
  action: ApplyAction,
): Promise<boolean> {
  const { client, caches, clock, signal } = context;
  const { target, desired, fingerprint } = action;
  try {
    const answer = await client.apply(desired, { fieldManager: keys.CHILD_MANAGER, force: true, signal, ...ONCE });
    record.failed = without(record.failed, targetKey(target));
    caches.peek(target.type)?.observeApplied(answer, fingerprint);
    const reverted = revertedBy(action);
    if (reverted !== undefined) {
      const key = targetKey(target);
      const drift = (record.drift ??= new Map());
      drift.set(key, noteRevert(drift.get(key) ?? NO_DRIFT, reverted, clock.now()));
    }
    return true;
  } catch (thrown) {
    await rememberFailure(context, record, target, digestText(fingerprint), thrown);
    return false;
  }
}

/** Deletes one child if it is still the one that was decided about. True when the server took it. */
export async function deleteChild(
  context: EffectContext,
  record: InstanceRecord,
  action: DeleteAction,
): Promise<boolean> {
  const { client, caches, signal } = context;
  const { target, uid } = action;
  const cache = caches.peek(target.type);
  try {
    const left = await client.delete(refOfTarget(target), { preconditions: { uid }, signal, ...ONCE });
    record.failed = without(record.failed, targetKey(target));
    if (left === undefined) cache?.observeGone(cacheKey(target), uid);
    else cache?.observe(left);
    record.drift = without(record.drift, targetKey(target));
    return true;
  } catch (thrown) {
    if (isNotFound(thrown)) cache?.observeGone(cacheKey(target), uid);
    else await rememberFailure(context, record, target, '', thrown);
    return false;
  }
}

/** Fetches what only a request of its own can tell. What a watch brings is waited for instead. False when nothing was read. */
export async function readNow(
  context: EffectContext,
  record: InstanceRecord,
  requests: readonly ReadRequest[],
): Promise<boolean> {
  const { client, caches, clock, signal } = context;
  const whole = requests.filter((request) => request.kind === 'whole-object');
  await eachEffect(clock, whole, async ({ target }) => {
    const key = targetKey(target);
    const read = await readOrRemember(context, record, key, () => client.find(refOfTarget(target), { signal }));
    if (!read.ok) return;
    const found = read.value;
    if (found !== undefined) (record.whole ??= new Map()).set(key, found);
    else caches.peek(target.type)?.observeGone(cacheKey(target), uidInCache(caches, target));
  });
  return whole.length > 0;
}

/**
 * Reads something that only a request of its own can tell. A refusal is remembered with its pause, and told by the next
 * decision: it concerns nothing else of the instance.
 */
export async function readOrRemember<T>(
  { clock, signal, random, user }: Pick<EffectContext, 'clock' | 'signal' | 'random' | 'user'>,
  record: InstanceRecord,
  key: string,
  read: () => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }> {
  try {
    const value = await read();
    record.unread = without(record.unread, key);
    return { ok: true, value };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
    const failures = (record.unread?.get(key)?.failures ?? 0) + 1;
    const wait = thrown.retryAfterMs ?? backoffMs(RETRY_POLICIES.objectRead, failures, random());
    const failed = { failures, failure: apiFailure(thrown, user), retryAt: clock.now() + wait };
    (record.unread ??= new Map()).set(key, failed);
    return { ok: false };
  }
}

/** Replaces the status of the instance, if it is still the same object. */
export async function writeStatus(
  context: EffectContext,
  instances: KindCache,
  instance: KubeObject,
  status: JsonValue,
): Promise<void> {
  const { uid = '' } = instance.metadata;
  const ref = refOf(instance);
  const body = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/status', value: status },
  ];
  try {
    const options = { type: 'json', subresource: 'status', fieldManager: 'kro', signal: context.signal } as const;
    instances.observe(await context.own.patch(ref, body, options));
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
    instances.observeGone(keyOf(instance), uid);
  }
}

function uidInCache(caches: CacheSet, target: ObjectTarget): string {
  return caches.peek(target.type)?.get(cacheKey(target))?.object.metadata.uid ?? '';
}

/**
 * Leaves a failed write alone for some time. Where it may pass at once, the pass waits and then decides anew on what
 * is known by then; only a failure that lasts is told by the next decision.
 */
async function rememberFailure(
  context: EffectContext,
  record: InstanceRecord,
  target: ObjectTarget,
  digest: string,
  thrown: unknown,
): Promise<void> {
  const { clock, signal, random, user } = context;
  if (!(thrown instanceof KubeError) || signal.aborted) throw thrown;
  const key = targetKey(target);
  const before = record.failed?.get(key);
  const failures = before?.digest === digest ? before.failures + 1 : 1;
  const wait = thrown.retryAfterMs ?? backoffMs(RETRY_POLICIES.instanceWrite, failures, random());
  const untold = isPassing(thrown) && failures <= SILENT_RETRIES && wait <= MAX_SILENT_WAIT_MS;
  if (untold) await pause(clock, wait, signal);
  const retryAt = untold ? clock.now() : clock.now() + wait;
  (record.failed ??= new Map()).set(key, { digest, failures, failure: apiFailure(thrown, user), retryAt });
}

/** Was the server too busy, or out of reach? A moment later the same may work. */
function isPassing(thrown: unknown): boolean {
  return thrown instanceof KubeError && isBusy(classify(thrown));
}
