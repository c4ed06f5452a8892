import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import {
  compareQuantities,
  formatQuantity,
  isMultipleOf,
  isWholeQuantity,
  objectAt,
  objectsAt,
  optionalAt,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Problems, fieldNotFound, repeatedIndexes } from '../../errors/field-problems.ts';
import { amountsOf, containerTotals } from './pod-totals.ts';
import {
  checkContainerResourceName,
  checkPodResourceName,
  isHugePages,
  isOvercommitAllowed,
  checkResourceAmount,
} from './resource-names.ts';

/** The containers of a pod's specification, and then its init containers. */
export const containersOf = (spec: JsonObject | undefined): JsonObject[] => [
  ...objectsAt(spec, 'containers'),
  ...objectsAt(spec, 'initContainers'),
];

const quantity = (value: JsonValue | undefined) => quantityOf(value ?? '0');

/** Checks requests and limits of a container. `pod` is the specification of its pod. */
export function validateResources(resources: JsonObject, pod: JsonObject, at: string, problems: Problems): void {
  validateAmounts(resources, checkContainerResourceName, at, problems);
  const known = objectsAt(pod, 'resourceClaims').map((claim) => textAt(claim, 'name'));
  for (const [index, claim] of objectsAt(resources, 'claims').entries()) {
    const name = textAt(claim, 'name');
    const place = `${at}.claims[${index}]`;
    if (name === '') problems.required(place);
    else if (!known.includes(name)) {
      const which = known.length === 0 ? 'which is empty' : `[${known.join(' ')}]`;
      const { message } = fieldNotFound(place, name);
      problems.push({
        reason: 'FieldValueNotFound',
        field: place,
        message: `${message}: must be one of the names in pod.spec.resourceClaims ${which}`,
      });
    }
  }
}

/** Checks the overhead of a pod or of a RuntimeClass. The rules are those for the limits of a container. */
export const validateOverhead = (amounts: JsonObject, at: string, problems: Problems): void =>
  validateAmounts({ limits: amounts }, checkContainerResourceName, at, problems);

/** Checks the pod-level resources. */
export function validatePodResources(pod: JsonObject, at: string, problems: Problems): void {
  const resources = optionalAt(pod, 'resources');
  if (resources === undefined) return;
  if (objectsAt(resources, 'claims').length > 0)
    problems.forbidden(`${at}.claims`, 'claims cannot be set for Resources at pod-level');
  validateAmounts(resources, checkPodResourceName, at, problems);
  const [limits, requests] = [objectAt(resources, 'limits'), objectAt(resources, 'requests')];
  compareToContainers(containerTotals(pod, 'requests'), requests, `${at}.requests`, 'requests', problems);
  const pages = [...containerTotals(pod, 'limits')].filter(([name]) => isHugePages(name));
  compareToContainers(pages, limits, `${at}.limits`, 'limits', problems);
  for (const [index, container] of objectsAt(pod, 'containers').entries()) {
    for (const [name, amount] of amountsOf(container, 'limits')) {
      const limit = Object.hasOwn(limits, name) ? quantityOf(limits[name]) : undefined;
      if (limit === undefined || compareQuantities(amount, limit) <= 0) continue;
      // As in the API server's message, the container's path is appended to the path of the resources.
      const place = `${at}.containers[${index}][${name}].limits`;
      const text = `must be less than or equal to pod limits of ${formatQuantity(limit)}`;
      problems.invalid(place, formatQuantity(amount), text);
    }
  }
}

/** Checks that each pod-level amount is at least the sum of the containers' amounts. */
function compareToContainers(
  sums: Iterable<readonly [string, ParsedQuantity]>,
  amounts: JsonObject,
  at: string,
  word: string,
  problems: Problems,
) {
  for (const [name, sum] of sums) {
    const amount = Object.hasOwn(amounts, name) ? quantityOf(amounts[name]) : undefined;
    if (amount === undefined || compareQuantities(sum, amount) <= 0) continue;
    const text = `must be greater than or equal to aggregate container ${word} of ${formatQuantity(sum)}`;
    problems.invalid(`${at}[${name}]`, formatQuantity(amount), text);
  }
}

/** Checks requests and limits. `checkName` checks the name of a resource. */
function validateAmounts(
  resources: JsonObject,
  checkName: typeof checkContainerResourceName,
  at: string,
  problems: Problems,
) {
  const [limits, requests] = [objectAt(resources, 'limits'), objectAt(resources, 'requests')];
  for (const [group, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value = null] of Object.entries(values)) {
      checkName(name, `${at}.${group}[${name}]`, problems);
      checkAmount(name, value, `${at}.${group}[${name}]`, problems);
    }
  }
  for (const [name, value = null] of Object.entries(requests)) compareToLimit(name, value, limits, at, problems);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    problems.forbidden(at, 'HugePages require cpu or memory');
}

function checkAmount(name: string, value: JsonValue, path: string, problems: Problems) {
  checkResourceAmount(name, value, path, problems);
  const amount = quantity(value);
  if (amount === undefined || !isHugePages(name)) return;
  const page = quantityOf(name.slice('hugepages-'.length));
  const isDivisible = page !== undefined && page.unscaled > 0n && isWholeQuantity(page) && isMultipleOf(amount, page);
  if (!isDivisible) problems.invalid(path, value, `${String(value)} is not positive integer multiple of ${name}`);
}

function compareToLimit(name: string, value: JsonValue, limits: JsonObject, at: string, problems: Problems) {
  const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
  // Resources that cannot be overcommitted must have equal requests and limits.
  const whole = !isOvercommitAllowed(name);
  if (limit === undefined) {
    if (whole) problems.required(`${at}.limits`, 'Limit must be set for non overcommitable resources');
    return;
  }
  const [requested, allowed] = [quantity(value), quantity(limit)];
  if (requested === undefined || allowed === undefined) return;
  const order = compareQuantities(requested, allowed);
  if (whole ? order !== 0 : order > 0) {
    const relation = whole ? 'equal to' : 'less than or equal to';
    problems.invalid(`${at}.requests`, value, `must be ${relation} ${name} limit of ${String(limit)}`);
  }
}

const RESIZABLE = ['cpu', 'memory'];
const RESTARTS = ['NotRequired', 'RestartContainer'];

/** Checks a container's `resizePolicy`. */
export function validateResizePolicy(container: JsonObject, at: string, problems: Problems): void {
  const policies = objectsAt(container, 'resizePolicy');
  const names = policies.map((entry) => textAt(entry, 'resourceName'));
  for (const index of repeatedIndexes(names)) problems.duplicate(`${at}.resizePolicy[${index}]`, names[index]);
  for (const entry of policies) {
    for (const [key, known] of [
      ['resourceName', RESIZABLE],
      ['restartPolicy', RESTARTS],
    ] as const) {
      const value = textAt(entry, key);
      problems.requireOneOf(`${at}.resizePolicy`, value, known);
    }
  }
}
