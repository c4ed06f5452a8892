import { type JsonObject, type KubeObject, grouped, withGroup, oncePerObject } from '@typekro/kit/core';
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
import { type Amounts, podTotals } from '../pods/pod-totals.ts';
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

const OF_CLAIMS = /^requests\.storage$|\.storageclass\.storage\.k8s\.io\/(?:persistentvolumeclaims|requests\.storage)$/;

/** Do pods contribute to the limit of this name? */
function isOfPods(name: string): boolean {
  const [part = '', resource = ''] = /^(requests|limits)\.(.*)$/s.exec(name)?.slice(1) ?? [];
  if (OF_CONTAINERS.includes(part === '' ? name : resource) || isHugePages(name)) return true;
  return part === 'requests' && (isHugePages(resource) || isExtendedResource(resource));
}

/**
 * The limits in `hard` of a quota, by the resource whose objects contribute to them. They are sorted once for each quota,
 * because a quota can have thousands of them, and each write in its namespace asks for those of one resource.
 */
const limitsByResource = oncePerObject((hard: JsonObject) =>
  grouped(Object.keys(hard), (name) => countedBy(name) ?? ''),
);

/** The limits in `hard` of a quota to which objects of the resource contribute. */
export const limitsFor = (hard: JsonObject, { plural, group }: GroupResource): readonly string[] =>
  limitsByResource(hard).get(`${plural}.${group}`) ?? [];

/** The key of the resource whose objects contribute to the limit of this name. */
function countedBy(name: string): string | undefined {
  const resource = name.startsWith('count/') ? name.slice('count/'.length) : undefined;
  if (resource !== undefined) return resource.includes('.') ? resource : `${resource}.`;
  if (CORE_COUNTS.has(name)) return `${name}.`;
  if (name === 'services.loadbalancers' || name === 'services.nodeports') return 'services.';
  if (OF_CLAIMS.test(name)) return 'persistentvolumeclaims.';
  return isOfPods(name) ? 'pods.' : undefined;
}
