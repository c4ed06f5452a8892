import { containersOf } from '../pods/pod-resources.ts';
import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  objectAt,
  quantityOf,
  quantityOfInteger,
  subtractQuantities,
  textAt,
} from '@typekro/kit/kubernetes';
import { type GroupResource, forbidden } from '../../errors/api-error.ts';
import type { UncheckedObjectStore } from '../../types/lookup.ts';
import { type Amounts, hasPodLevelResources } from '../pods/pod-totals.ts';
import { inScopes } from './quota-scopes.ts';
import { limitsFor, usageOf } from './quota-usage.ts';

const ZERO = quantityOfInteger(0n);
/** The quotas to check, or the amounts to write, that are as much work as the write of a small object. */
const PER_UNIT = 50;

type Quotas = ReturnType<UncheckedObjectStore['collection']>;

/** The used amounts that admission has counted since `status`, by the quota's key, until they are written. */
const countedIn = oncePerObject((_quotas: Quotas) => new Map<string, { status: unknown; amounts: Amounts }>());

/** The amounts that are newer than the status. With another status, the quota controller has counted all objects. */
function countedSince(quotas: Quotas, key: string, status: unknown): Amounts {
  const counted = countedIn(quotas).get(key);
  return counted?.status === status ? (counted?.amounts ?? new Map()) : new Map();
}

/** The limits whose used amount is not in the status yet. */
const unknownIn = oncePerObject((status: JsonObject): ReadonlySet<string> => {
  const used = objectAt(status, 'used');
  return new Set(Object.keys(objectAt(status, 'hard')).filter((name) => used[name] === undefined));
});

/** A write that may change the usage of quotas. */
export interface QuotaRequest {
  readonly resource: GroupResource;
  /** The subresource of the write, or `''`. */
  readonly subresource: string;
  readonly object: KubeObject;
  /** The stored object; `undefined` for a create. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** The time of the write, in milliseconds since the epoch. */
  readonly now: number;
  /** Counts work, and runs tasks after the present one. */
  readonly work: { count(units: number): void; enqueue(task: () => void): void };
}

/**
 * Refuses a write that would exceed a quota of the namespace (throws 403). If the write is allowed, returns a function
 * that adds the difference to the used amounts. For a dry run, the function does nothing. Decreases are not subtracted
 * here; the quota controller does this. A status of many amounts takes long to write, so it is written once for all
 * objects of a task, after the task.
 */
export function admitQuota(store: UncheckedObjectStore, request: QuotaRequest): () => void {
  const { resource, object, old, now, work } = request;
  const { namespace = '' } = object.metadata;
  const quotas = store.collection('', 'resourcequotas');
  const counted: (() => void)[] = [];
  const count = () => counted.forEach((add) => add());
  if (namespace === '' || !isCounted(request)) return count;
  const usage = usageOf(resource, object, now);
  const before = old === undefined ? undefined : usageOf(resource, old, now);
  const all = quotas.inNamespace(namespace);
  work.count(all.length / PER_UNIT);
  for (const { key, object: quota } of all) {
    const limited = limitsFor(objectAt(quota.status, 'hard'), resource);
    if (limited.length === 0 || !inScopes(quota, resource, object)) continue;
    checkConstraints(resource, object, quota);
    const unknown = unknownIn(quota.status ?? {});
    if (unknown.size > 0 && limited.some((name) => unknown.has(name))) {
      const names = limited.toSorted().join(',');
      throw refuse(resource, object, `status unknown for quota: ${quota.metadata.name}, resources: ${names}`);
    }
    const known = old !== undefined && before !== undefined && inScopes(quota, resource, old);
    const delta = known ? difference(usage, before) : usage;
    const after = charge(request, quota, delta, countedSince(quotas, key, quota.status));
    if (after.size > 0 && !request.dryRun) counted.push(() => addCounted(quotas, key, quota, after, work));
  }
  return count;
}

/** Sets used amounts of a quota, and writes them after the present task. */
function addCounted(quotas: Quotas, key: string, { status }: KubeObject, after: Amounts, work: QuotaRequest['work']) {
  const counted = countedIn(quotas);
  const isWaiting = counted.has(key);
  counted.set(key, { status, amounts: new Map([...countedSince(quotas, key, status), ...after]) });
  if (isWaiting) return;
  work.enqueue(() => {
    const quota = quotas.get(key)?.object;
    const amounts = countedSince(quotas, key, quota?.status);
    counted.delete(key);
    if (quota === undefined || amounts.size === 0) return;
    const used = { ...objectAt(quota.status, 'used') };
    work.count(Object.keys(used).length / PER_UNIT);
    for (const [name, amount] of amounts) used[name] = formatQuantity(amount);
    quotas.put(key, { ...quota, status: { ...quota.status, used } });
  });
}

/** Can the write change the usage of a quota? Most updates cannot. */
function isCounted({ resource: { group, plural }, subresource, object, old }: QuotaRequest): boolean {
  if (old === undefined) return subresource === '';
  if (group !== '') return false;
  if (plural === 'persistentvolumeclaims') return subresource === '' || subresource === 'status';
  if (plural === 'pods' && subresource === 'resize') return true;
  return (
    subresource === '' && (plural === 'services' || (plural === 'pods' && hasDeadline(object) !== hasDeadline(old)))
  );
}

const hasDeadline = ({ spec }: KubeObject): boolean => typeof spec?.['activeDeadlineSeconds'] === 'number';

const refuse = (resource: GroupResource, object: KubeObject, problem: string) =>
  forbidden(resource, object.metadata.name ?? '', problem);

const REQUIRED = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

/** Refuses a pod if one of its containers does not specify a request or limit that the quota limits. */
function checkConstraints(resource: GroupResource, { metadata, spec = {} }: KubeObject, quota: KubeObject): void {
  if (resource.group !== '' || resource.plural !== 'pods' || hasPodLevelResources(spec)) return;
  const parts: string[] = [];
  for (const name of REQUIRED) {
    if (!Object.hasOwn(objectAt(quota.status, 'hard'), name)) continue;
    const missing = containersOf(spec).filter((container) => !states(container, name));
    const names = missing.map((container) => textAt(container, 'name')).toSorted();
    if (names.length > 0) parts.push(`${name} for: ${names.join(',')}`);
  }
  if (parts.length === 0) return;
  const problem = `failed quota: ${quota.metadata.name}: must specify ${parts.join('; ')}`;
  throw forbidden(resource, metadata.name ?? '', problem);
}

/** Does a container specify the amount that a quota limits under this name, e.g. `cpu` or `limits.memory`? */
function states(container: JsonObject, limit: string): boolean {
  const [part, name] = limit.includes('.') ? limit.split('.') : ['requests', limit];
  return objectAt(objectAt(container, 'resources'), part ?? '')[name ?? ''] !== undefined;
}

/** The amounts by which the usage increases, or decreases if they are negative. */
const difference = (usage: Amounts, before: Amounts): Amounts =>
  new Map([...usage].map(([name, amount]) => [name, subtractQuantities(amount, before.get(name) ?? ZERO)]));

/**
 * The used amounts that the write changes. `counted` are amounts that are newer than the status. Throws 403 when an
 * amount exceeds its limit.
 */
function charge({ resource, object }: QuotaRequest, quota: KubeObject, delta: Amounts, counted: Amounts): Amounts {
  const [hard, used] = [objectAt(quota.status, 'hard'), objectAt(quota.status, 'used')];
  const usedOf = (name: string) => counted.get(name) ?? quantityOf(used[name] ?? '0') ?? ZERO;
  const after: Amounts = new Map();
  const exceeded: string[] = [];
  for (const [name, amount] of delta) {
    if (amount.unscaled <= 0n || !Object.hasOwn(hard, name)) continue;
    const next = addQuantities(usedOf(name), amount);
    const limit = quantityOf(hard[name] ?? '0') ?? ZERO;
    if (compareQuantities(next, limit) > 0) exceeded.push(name);
    after.set(name, next);
  }
  if (exceeded.length === 0) return after;
  exceeded.sort();
  const list = (value: (name: string) => string) => exceeded.map((name) => `${name}=${value(name)}`).join(',');
  const amounts = list((name) => formatQuantity(delta.get(name) ?? ZERO));
  const problem = `exceeded quota: ${quota.metadata.name}, requested: ${amounts}, used: ${list((name) => formatQuantity(usedOf(name)))}, limited: ${list((name) => String(hard[name]))}`;
  throw refuse(resource, object, problem);
}
