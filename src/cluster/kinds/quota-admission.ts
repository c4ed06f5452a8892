import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { ParsedQuantity } from '../../kubernetes/index.ts';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  objectAt,
  objectsAt,
  quantityOf,
  quantityOfInteger,
  textAt,
} from '../../kubernetes/index.ts';
import type { GroupResource } from '../errors/status.ts';
import { forbidden } from '../errors/status.ts';
import type { UncheckedObjectStore } from '../types/lookup.ts';
import { CORE_COUNTS } from './resource-names.ts';

const ONE = quantityOfInteger(1n);
const ZERO = quantityOfInteger(0n);

/** The amounts that quotas count for an object: the object itself, and for a pod also its requests and limits. */
export function usageOf(resource: GroupResource, object: KubeObject): Map<string, ParsedQuantity> {
  const usage = new Map<string, ParsedQuantity>([
    [resource.group === '' ? `count/${resource.plural}` : `count/${resource.plural}.${resource.group}`, ONE],
  ]);
  if (resource.group !== '') return usage;
  if (CORE_COUNTS.has(resource.plural)) usage.set(resource.plural, ONE);
  if (resource.plural === 'services') {
    const type = textAt(object.spec, 'type');
    if (type === 'LoadBalancer') usage.set('services.loadbalancers', ONE);
    if (type === 'NodePort' || type === 'LoadBalancer')
      usage.set('services.nodeports', quantityOfInteger(BigInt(objectsAt(object.spec, 'ports').length)));
  }
  if (resource.plural === 'persistentvolumeclaims')
    collect(usage, 'requests.', objectAt(objectAt(object.spec, 'resources'), 'requests'));
  if (resource.plural === 'pods') {
    for (const container of objectsAt(object.spec, 'containers')) {
      const resources = objectAt(container, 'resources');
      collect(usage, 'requests.', objectAt(resources, 'requests'));
      collect(usage, 'limits.', objectAt(resources, 'limits'));
      for (const name of ['cpu', 'memory']) {
        const value = objectAt(resources, 'requests')[name];
        if (value !== undefined) collect(usage, '', { [name]: value });
      }
    }
  }
  return usage;
}

function collect(usage: Map<string, ParsedQuantity>, prefix: string, values: JsonObject) {
  for (const [name, value] of Object.entries(values)) {
    const quantity = quantityOf(value);
    if (quantity !== undefined)
      usage.set(`${prefix}${name}`, addQuantities(usage.get(`${prefix}${name}`) ?? ZERO, quantity));
  }
}

/**
 * Refuses an object that would exceed a quota of its namespace (throws 403). Otherwise adds the object to the used
 * amounts, unless the request is a dry run.
 */
export function admitQuota(
  store: UncheckedObjectStore,
  resource: GroupResource,
  object: KubeObject,
  dryRun: boolean,
): void {
  const { namespace = '' } = object.metadata;
  const quotas = store.collection('', 'resourcequotas');
  if (namespace === '' || quotas.size === 0) return;
  const usage = usageOf(resource, object);
  for (const { key, object: quota } of quotas.inNamespace(namespace)) {
    const [hard, used] = [objectAt(quota.status, 'hard'), objectAt(quota.status, 'used')];
    const after: JsonObject = { ...used };
    const exceeded: string[] = [];
    for (const [name, amount] of usage) {
      const limit = hard[name] === undefined ? undefined : quantityOf(hard[name]);
      if (limit === undefined) continue;
      const next = addQuantities(quantityOf(used[name] ?? '0') ?? ZERO, amount);
      if (compareQuantities(next, limit) > 0) exceeded.push(name);
      after[name] = formatQuantity(next);
    }
    if (exceeded.length > 0) throw refusal(resource, object, quota, exceeded.sort(), usage);
    const changed = Object.keys(after).some((name) => after[name] !== used[name]);
    if (!dryRun && changed) quotas.put(key, { ...quota, status: { ...quota.status, used: after } });
  }
}

function refusal(
  resource: GroupResource,
  object: KubeObject,
  quota: KubeObject,
  names: readonly string[],
  usage: ReadonlyMap<string, ParsedQuantity>,
) {
  const [hard, used] = [objectAt(quota.status, 'hard'), objectAt(quota.status, 'used')];
  const list = (value: (name: string) => string) => names.map((name) => `${name}=${value(name)}`).join(',');
  const requested = list((name) => formatQuantity(usage.get(name) ?? ZERO));
  const problem = `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${list((name) => String(used[name] ?? '0'))}, limited: ${list((name) => String(hard[name]))}`;
  return forbidden(resource, object.metadata.name ?? '', problem);
}
