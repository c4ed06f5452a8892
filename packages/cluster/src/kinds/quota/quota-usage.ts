import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { withGroup, oncePerObject } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import {
  compareQuantities,
  numberAt,
  objectAt,
  objectsAt,
  quantityOf,
  quantityOfInteger,
  textAt,
} from '@typekro/kit/kubernetes';
import type { GroupResource } from '../../errors/api-error.ts';
import { CLASS_ANNOTATION } from '../storage/claims.ts';
import { podTotals } from '../pods/pod-totals.ts';
import type { Amounts } from '../pods/pod-totals.ts';
import { CORE_COUNTS, isExtendedResource, isHugePages, OF_CONTAINERS } from '../pods/resource-names.ts';

const ONE = quantityOfInteger(1n);
const ZERO = quantityOfInteger(0n);
const BY_CLASS = '.storageclass.storage.k8s.io/';

/**
 * The amounts that an object adds to the usage of quotas: one object, and the resources of a pod, claim or Service.
 * `now` is in milliseconds since the epoch.
 */
export function usageOf(resource: GroupResource, object: KubeObject, now: number): Amounts {
  const count = `count/${withGroup(resource.plural, resource.group)}`;
  const usage: Amounts = new Map([[count, ONE]]);
  if (resource.group !== '') return usage;
  if (resource.plural === 'pods') {
    if (consumes(object, now)) addPod(usage, object);
    return usage;
  }
  if (CORE_COUNTS.has(resource.plural)) usage.set(resource.plural, ONE);
  if (resource.plural === 'services') addService(usage, object);
  if (resource.plural === 'persistentvolumeclaims') addClaim(usage, object);
  return usage;
}

/**
 * Does a pod use resources? A completed pod uses no resources. A pod whose grace period is over also uses none, so that
 * a pod on a lost node does not block its replacement.
 */
function consumes({ metadata, status }: KubeObject, now: number): boolean {
  const phase = textAt(status, 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function addPod(usage: Amounts, { spec = {} }: KubeObject): void {
  usage.set('pods', ONE);
  for (const [name, amount] of podTotals(spec, 'requests')) {
    if (OF_CONTAINERS.includes(name) || isHugePages(name)) usage.set(name, amount);
    if (OF_CONTAINERS.includes(name) || isHugePages(name) || isExtendedResource(name))
      usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of podTotals(spec, 'limits')) {
    if (OF_CONTAINERS.includes(name)) usage.set(`limits.${name}`, amount);
  }
}

function addService(usage: Amounts, { spec }: KubeObject): void {
  const type = textAt(spec, 'type');
  const ports = objectsAt(spec, 'ports');
  const suppressed = type === 'LoadBalancer' && spec?.['allocateLoadBalancerNodePorts'] === false;
  const counted = suppressed ? ports.filter((port) => (numberAt(port, 'nodePort') ?? 0) !== 0) : ports;
  const allocates = type === 'NodePort' || type === 'LoadBalancer';
  usage.set('services.loadbalancers', type === 'LoadBalancer' ? ONE : ZERO);
  usage.set('services.nodeports', allocates ? quantityOfInteger(BigInt(counted.length)) : ZERO);
}

function addClaim(usage: Amounts, { metadata, spec, status }: KubeObject): void {
  const storageClass = metadata.annotations?.[CLASS_ANNOTATION] ?? textAt(spec, 'storageClassName');
  const requested = quantityOf(objectAt(objectAt(spec, 'resources'), 'requests')['storage']);
  const allocated = quantityOf(objectAt(status, 'allocatedResources')['storage']);
  const storage = larger(requested, allocated);
  if (storage !== undefined) usage.set('requests.storage', storage);
  if (storageClass === '') return;
  usage.set(`${storageClass}${BY_CLASS}persistentvolumeclaims`, ONE);
  if (storage !== undefined) usage.set(`${storageClass}${BY_CLASS}requests.storage`, storage);
}

/**
 * The larger of two amounts; `undefined` when the requested amount is missing, because storage is not counted for such
 * a claim.
 */
function larger(
  requested: ParsedQuantity | undefined,
  allocated: ParsedQuantity | undefined,
): ParsedQuantity | undefined {
  if (requested === undefined || allocated === undefined) return requested;
  return compareQuantities(allocated, requested) > 0 ? allocated : requested;
}

const CORE_NAMES = new Map<string, readonly string[]>([
  ['services', ['services', 'services.loadbalancers', 'services.nodeports']],
  ['persistentvolumeclaims', ['persistentvolumeclaims', 'requests.storage']],
  ['pods', ['pods', ...OF_CONTAINERS, ...OF_CONTAINERS.flatMap((name) => [`requests.${name}`, `limits.${name}`])]],
]);

/** Do objects of a core resource contribute to the limit of this name? */
function isOf(plural: string, name: string): boolean {
  if (CORE_NAMES.get(plural)?.includes(name) === true) return true;
  if (plural === 'persistentvolumeclaims')
    return /\.storageclass\.storage\.k8s\.io\/(?:persistentvolumeclaims|requests\.storage)$/.test(name);
  if (plural !== 'pods') return false;
  const requested = name.startsWith('requests.') ? name.slice('requests.'.length) : undefined;
  return isHugePages(name) || (requested !== undefined && (isHugePages(requested) || isExtendedResource(requested)));
}

const keyOf = ({ plural, group }: GroupResource): string => `${plural}.${group}`;

/**
 * The limits in `hard` of a quota, by the resource whose objects contribute to them. They are sorted once for each quota,
 * because a quota can have thousands of them, and each write in its namespace asks for those of one resource.
 */
const limitsByResource = oncePerObject((hard: JsonObject): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>();
  for (const name of Object.keys(hard)) {
    const counted = resourceOf(name);
    if (counted === undefined) continue;
    const own = names.get(keyOf(counted));
    if (own === undefined) names.set(keyOf(counted), [name]);
    else own.push(name);
  }
  return names;
});

/** The limits in `hard` of a quota to which objects of the resource contribute. */
export const limitsFor = (hard: JsonObject, resource: GroupResource): readonly string[] =>
  limitsByResource(hard).get(keyOf(resource)) ?? [];

/** The resource whose objects contribute to the limit of this name. */
function resourceOf(name: string): GroupResource | undefined {
  if (name.startsWith('count/')) {
    const [plural = '', ...group] = name.slice('count/'.length).split('.');
    return { plural, group: group.join('.') };
  }
  if (CORE_COUNTS.has(name)) return { group: '', plural: name };
  const plural = ['services', 'persistentvolumeclaims', 'pods'].find((candidate) => isOf(candidate, name));
  return plural === undefined ? undefined : { group: '', plural };
}
