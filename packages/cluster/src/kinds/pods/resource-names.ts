import type { Field } from '../../errors/field-problems.ts';
import { qualifiedName, formatQuantity, isWholeQuantity, quantityOf } from '@typekro/kit/kubernetes';
import type { JsonValue } from '@typekro/kit/core';

/** The resources of the core group that a quota counts by their plain names, such as `pods`. */
export const CORE_COUNTS: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);
const COUNTED = [...CORE_COUNTS, 'services.loadbalancers', 'services.nodeports'];

/** The container resources whose names have no domain, except huge pages. */
export const OF_CONTAINERS = ['cpu', 'memory', 'ephemeral-storage'];

const OF_QUOTAS = [
  ...COUNTED,
  ...OF_CONTAINERS,
  ...OF_CONTAINERS.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'requests.storage',
];
const KNOWN = new Set([...OF_QUOTAS, 'storage']);
const CONTAINER_NAMES = new Set(OF_CONTAINERS);
const QUOTA_NAMES = new Set(OF_QUOTAS);

/** Is this the name of huge pages, e.g. `hugepages-2Mi`? */
export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/**
 * Does the resource belong to Kubernetes itself? The name of such a resource has either no domain or a domain of
 * Kubernetes.
 */
const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
/**
 * Is this an extended resource, which nodes advertise? Its name must also be valid with the prefix `requests.`, which
 * quotas use.
 */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
/** May the request of a resource be lower than its limit? */
export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePages(name);
/** May a pod set this resource at pod level? */
export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

const isHugeOfQuota = (name: string) => isHugePages(name) || name.startsWith('requests.hugepages-');

/** Is the resource counted in whole units? */
export const isCounted = (name: string): boolean => COUNTED.includes(name) || isExtendedResource(name);

/** Is this a name without a domain that a quota may use? */
export const isQuotaName = (name: string): boolean => QUOTA_NAMES.has(name) || isHugeOfQuota(name);

/** Checks the name of any resource. */
export function checkResourceName(name: Field<string>): void {
  const wrong = qualifiedName(name.value);
  name.matches(() => wrong);
  if (wrong.length === 0 && !name.value.includes('/') && !KNOWN.has(name.value) && !isHugeOfQuota(name.value))
    name.invalid('must be a standard resource type or fully qualified');
}

/** Checks the name of a resource that containers use. */
export function checkContainerResourceName(name: Field<string>): void {
  const { value } = name;
  checkResourceName(name);
  if (!value.includes('/')) {
    if (!CONTAINER_NAMES.has(value) && !isHugePages(value)) name.invalid('must be a standard resource for containers');
  } else if (!isNativeResource(value) && !isExtendedResource(value))
    name.invalid("doesn't follow extended resource name standard");
}

/** Checks the name of a pod-level resource. */
export function checkPodResourceName(name: Field<string>): void {
  const known = name.problems.length;
  checkResourceName(name);
  if (name.problems.length === known && !isPodLevelResource(name.value))
    name.notSupported(['cpu', 'hugepages-', 'memory']);
}

/** Checks the name of a resource that quotas limit. */
export function checkQuotaResourceName(name: Field<string>): void {
  checkResourceName(name);
  if (!name.value.includes('/') && !isQuotaName(name.value)) name.invalid('must be a standard resource for quota');
}

/**
 * Checks that the amount of a resource is not negative, and that the amount of a counted resource is a whole number.
 */
export function checkResourceAmount(name: string, amount: Field<JsonValue | undefined>): void {
  const quantity = quantityOf(amount.value);
  if (quantity === undefined) return;
  const shown = formatQuantity(quantity);
  if (quantity.unscaled < 0n) amount.invalid('must be greater than or equal to 0', shown);
  if (isCounted(name) && !isWholeQuantity(quantity)) amount.invalid('must be an integer', shown);
}
