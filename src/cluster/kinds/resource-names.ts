import { addInvalid, fieldInvalid } from '../errors/field-problems.ts';
import { qualifiedName } from '../../kubernetes/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';

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

/** The names without a domain that resources of containers may have. Names of huge pages are not included. */
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

/** Does the name stand for huge pages of a size? */
export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Is this an extended resource, which nodes advertise? */
export const isExtendedResource = (name: string): boolean =>
  name.includes('/') && !/(?:^|\.)kubernetes\.io\//.test(name);

const isHugeOfQuota = (name: string) => isHugePages(name) || name.startsWith('requests.hugepages-');

/** Is the resource counted in whole units? */
export const isCounted = (name: string): boolean => COUNTED.includes(name) || name.includes('/');

/** May a quota use this resource name without a domain prefix? */
export const isQuotaName = (name: string): boolean => QUOTA_NAMES.has(name) || isHugeOfQuota(name);

/** Checks the name of any resource. */
export function checkResourceName(name: string, path: string, problems: FieldError[]): void {
  const wrong = qualifiedName(name);
  addInvalid(problems, path, name, wrong);
  if (wrong.length === 0 && !name.includes('/') && !KNOWN.has(name) && !isHugeOfQuota(name))
    problems.push(fieldInvalid(path, name, 'must be a standard resource type or fully qualified'));
}

/** Checks the name of a resource that containers use. */
export function checkContainerResourceName(name: string, path: string, problems: FieldError[]): void {
  checkResourceName(name, path, problems);
  if (!name.includes('/') && !CONTAINER_NAMES.has(name) && !isHugePages(name))
    problems.push(fieldInvalid(path, name, 'must be a standard resource for containers'));
}

/** Checks the name of a resource that quotas limit. */
export function checkQuotaResourceName(name: string, path: string, problems: FieldError[]): void {
  checkResourceName(name, path, problems);
  if (!name.includes('/') && !isQuotaName(name))
    problems.push(fieldInvalid(path, name, 'must be a standard resource for quota'));
}
