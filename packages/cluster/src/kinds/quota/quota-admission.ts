import { containersOf } from '../pods/pod-resources.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
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
import type { GroupResource } from '../../errors/api-error.ts';
import { forbidden } from '../../errors/api-error.ts';
import type { UncheckedObjectStore } from '../../types/lookup.ts';
import type { Amounts } from '../pods/pod-totals.ts';
import { hasPodLevelResources } from '../pods/pod-totals.ts';
import { inScopes } from './quota-scopes.ts';
import { limitsFor, usageOf } from './quota-usage.ts';

const ZERO = quantityOfInteger(0n);

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
}

/**
 * Refuses a write that would exceed a quota of the namespace (throws 403). If the write is allowed, returns a function
 * that adds the difference to the used amounts. For a dry run, the function does nothing. Decreases are not subtracted
 * here; the quota controller does this.
 */
export function admitQuota(store: UncheckedObjectStore, request: QuotaRequest): () => void {
  const { resource, object, old, now } = request;
  const { namespace = '' } = object.metadata;
  const quotas = store.collection('', 'resourcequotas');
  const counted: [key: string, quota: KubeObject][] = [];
  const count = () => counted.forEach(([key, quota]) => quotas.put(key, quota));
  if (namespace === '' || !isCounted(request)) return count;
  const usage = usageOf(resource, object, now);
  const before = old === undefined ? undefined : usageOf(resource, old, now);
  for (const { key, object: quota } of quotas.inNamespace(namespace)) {
    const limited = limitsFor(objectAt(quota.status, 'hard'), resource);
    if (limited.length === 0 || !inScopes(quota, resource, object)) continue;
    checkConstraints(resource, object, quota, limited);
    const unknown = limited.filter((name) => objectAt(quota.status, 'used')[name] === undefined);
    if (unknown.length > 0) {
      const names = limited.toSorted().join(',');
      throw refuse(resource, object, `status unknown for quota: ${quota.metadata.name}, resources: ${names}`);
    }
    const known = old !== undefined && before !== undefined && inScopes(quota, resource, old);
    const used = charge(resource, object, quota, known ? difference(usage, before) : usage, limited);
    if (used !== undefined && !request.dryRun) counted.push([key, { ...quota, status: { ...quota.status, used } }]);
  }
  return count;
}

/** Can the write change the usage of a quota? Most updates cannot. */
function isCounted({ resource: { group, plural }, subresource, object, old }: QuotaRequest): boolean {
  if (old === undefined) return subresource === '';
  if (group !== '') return false;
  switch (plural) {
    case 'services':
      return subresource === '';
    case 'persistentvolumeclaims':
      return subresource === '' || subresource === 'status';
    case 'pods':
      return subresource === 'resize' || (subresource === '' && hasDeadline(object) !== hasDeadline(old));
    default:
      return false;
  }
}

const hasDeadline = ({ spec }: KubeObject): boolean => typeof spec?.['activeDeadlineSeconds'] === 'number';

const refuse = (resource: GroupResource, object: KubeObject, problem: string) =>
  forbidden(resource, object.metadata.name ?? '', problem);

const REQUIRED = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Refuses a pod if one of its containers does not specify a request or limit that the quota limits. */
function checkConstraints(
  resource: GroupResource,
  { metadata, spec = {} }: KubeObject,
  quota: KubeObject,
  limited: readonly string[],
): void {
  if (resource.group !== '' || resource.plural !== 'pods' || hasPodLevelResources(spec)) return;
  const missing = new Map<string, string[]>();
  for (const container of containersOf(spec)) {
    for (const name of REQUIRED) {
      if (!limited.includes(name) || states(container, name)) continue;
      const names = missing.get(name);
      if (names === undefined) missing.set(name, [textAt(container, 'name')]);
      else names.push(textAt(container, 'name'));
    }
  }
  if (missing.size === 0) return;
  const parts = [...missing]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, containers]) => `${name} for: ${containers.toSorted().join(',')}`);
  const problem = `failed quota: ${quota.metadata.name}: must specify ${parts.join('; ')}`;
  throw forbidden(resource, metadata.name ?? '', problem);
}

/** Does a container specify the amount that a quota limits under this name, e.g. `cpu` or `limits.memory`? */
function states(container: JsonObject, limit: string): boolean {
  const [part, name] = limit.includes('.') ? limit.split('.') : ['requests', limit];
  return objectAt(objectAt(container, 'resources'), part ?? '')[name ?? ''] !== undefined;
}

/** The amounts by which the usage increases. */
function difference(usage: Amounts, before: Amounts): Amounts {
  const grown: Amounts = new Map();
  for (const [name, amount] of usage) {
    const delta = subtractQuantities(amount, before.get(name) ?? ZERO);
    grown.set(name, delta.unscaled < 0n ? ZERO : delta);
  }
  return grown;
}

/**
 * The used amounts after the write; `undefined` when they do not change. Throws 403 when an amount exceeds its limit.
 */
function charge(
  resource: GroupResource,
  object: KubeObject,
  quota: KubeObject,
  delta: Amounts,
  limited: readonly string[],
): JsonObject | undefined {
  const [hard, used] = [objectAt(quota.status, 'hard'), objectAt(quota.status, 'used')];
  const requested = [...delta].filter(([name, amount]) => limited.includes(name) && amount.unscaled !== 0n);
  if (requested.length === 0) return undefined;
  const after: JsonObject = { ...used };
  const exceeded: string[] = [];
  for (const [name, amount] of requested) {
    const next = addQuantities(quantityOf(used[name] ?? '0') ?? ZERO, amount);
    const limit = quantityOf(hard[name] ?? '0') ?? ZERO;
    if (compareQuantities(next, limit) > 0) exceeded.push(name);
    after[name] = formatQuantity(next);
  }
  if (exceeded.length === 0) return after;
  const list = (value: (name: string) => string) =>
    exceeded
      .toSorted()
      .map((name) => `${name}=${value(name)}`)
      .join(',');
  const amounts = list((name) => formatQuantity(delta.get(name) ?? ZERO));
  const problem = `exceeded quota: ${quota.metadata.name}, requested: ${amounts}, used: ${list((name) => String(used[name] ?? '0'))}, limited: ${list((name) => String(hard[name]))}`;
  throw refuse(resource, object, problem);
}
