import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import {
  compareQuantities,
  formatQuantity,
  isMultipleOf,
  isWholeQuantity,
  objectsAt,
  quantityOf,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Field, fieldNotFound, repeatedFields } from '../../errors/field-problems.ts';
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

/** Checks requests and limits of a container. `pod` is the specification of its pod. */
export function validateResources(resources: Field, pod: JsonObject): void {
  validateAmounts(resources, checkContainerResourceName);
  const known = objectsAt(pod, 'resourceClaims').map((claim) => textAt(claim, 'name'));
  for (const { value, path: field, problems } of resources.objects('claims')) {
    const name = textAt(value, 'name');
    if (name === '') problems.required(field);
    else if (!known.includes(name)) {
      const which = known.length === 0 ? 'which is empty' : `[${known.join(' ')}]`;
      const error = fieldNotFound(field, name);
      const message = `${error.message}: must be one of the names in pod.spec.resourceClaims ${which}`;
      problems.push({ ...error, message });
    }
  }
}

/** Checks the overhead of a pod or of a RuntimeClass. The rules are those for the limits of a container. */
export const validateOverhead = ({ value: limits, path, problems }: Field): void =>
  validateAmounts(problems.field(path, { limits }), checkContainerResourceName);

/** Checks the pod-level resources. */
export function validatePodResources(pod: Field): void {
  const resources = pod.optional('resources');
  if (resources === undefined) return;
  const [limits, requests, claims] = [
    resources.object('limits'),
    resources.object('requests'),
    resources.list('claims'),
  ];
  if (claims.value.length > 0) claims.forbidden('claims cannot be set for Resources at pod-level');
  validateAmounts(resources, checkPodResourceName);
  compareToContainers(containerTotals(pod.value, 'requests'), requests, 'requests');
  const pages = [...containerTotals(pod.value, 'limits')].filter(([name]) => isHugePages(name));
  compareToContainers(pages, limits, 'limits');
  for (const [index, container] of pod.objects('containers').entries()) {
    for (const [name, amount] of amountsOf(container.value, 'limits')) {
      const limit = quantityIn(limits, name);
      if (limit === undefined || compareQuantities(amount, limit) <= 0) continue;
      // As in the API server's message, the container's path is appended to the path of the resources.
      const place = `${resources.path}.containers[${index}][${name}].limits`;
      const text = `must be less than or equal to pod limits of ${formatQuantity(limit)}`;
      pod.problems.invalid(place, formatQuantity(amount), text);
    }
  }
}

const quantityIn = ({ value: amounts }: Field, name: string): ParsedQuantity | undefined =>
  Object.hasOwn(amounts, name) ? quantityOf(amounts[name] ?? '0') : undefined;

/** Checks that each pod-level amount is at least the sum of the containers' amounts. */
function compareToContainers(sums: Iterable<readonly [string, ParsedQuantity]>, amounts: Field, word: string) {
  for (const [name, sum] of sums) {
    const amount = quantityIn(amounts, name);
    if (amount === undefined || compareQuantities(sum, amount) <= 0) continue;
    const text = `must be greater than or equal to aggregate container ${word} of ${formatQuantity(sum)}`;
    amounts.problems.invalid(`${amounts.path}[${name}]`, formatQuantity(amount), text);
  }
}

/** Checks requests and limits. `checkName` checks the name of a resource. */
function validateAmounts(resources: Field, checkName: typeof checkContainerResourceName) {
  const all = [...resources.amounts('limits'), ...resources.amounts('requests')];
  for (const { name, amount } of all) {
    checkName(name);
    checkAmount(name.value, amount);
  }
  for (const name of Object.keys(resources.object('requests').value)) compareToLimit(name, resources);
  const names = all.map(({ name }) => name.value);
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    resources.forbidden('HugePages require cpu or memory');
}

function checkAmount(name: string, field: Field<JsonValue>) {
  checkResourceAmount(name, field);
  const amount = quantityOf(field.value ?? '0');
  if (amount === undefined || !isHugePages(name)) return;
  const page = quantityOf(name.slice('hugepages-'.length));
  const isDivisible = page !== undefined && page.unscaled > 0n && isWholeQuantity(page) && isMultipleOf(amount, page);
  if (!isDivisible) field.invalid(`${String(field.value)} is not positive integer multiple of ${name}`);
}

function compareToLimit(name: string, resources: Field) {
  const [limits, requests] = [resources.object('limits'), resources.object('requests')];
  // Resources that cannot be overcommitted must have equal requests and limits.
  const whole = !isOvercommitAllowed(name);
  if (!Object.hasOwn(limits.value, name)) {
    if (whole) limits.required('Limit must be set for non overcommitable resources');
    return;
  }
  const [requested, allowed] = [quantityIn(requests, name), quantityIn(limits, name)];
  if (requested === undefined || allowed === undefined) return;
  const order = compareQuantities(requested, allowed);
  if (whole ? order !== 0 : order > 0) {
    const relation = whole ? 'equal to' : 'less than or equal to';
    requests.invalid(
      `must be ${relation} ${name} limit of ${String(limits.value[name])}`,
      requests.value[name] ?? null,
    );
  }
}

const RESIZABLE = ['cpu', 'memory'];
const RESTARTS = ['NotRequired', 'RestartContainer'];

/** Checks a container's `resizePolicy`. */
export function validateResizePolicy(container: Field): void {
  const { path } = container.list('resizePolicy');
  const policies = container.objects('resizePolicy');
  const names = policies.map((entry) => entry.text('resourceName').at(entry.path));
  for (const name of repeatedFields(names).values()) name.duplicate();
  for (const entry of policies) {
    entry.text('resourceName').at(path).oneOf(RESIZABLE);
    entry.text('restartPolicy').at(path).oneOf(RESTARTS);
  }
}
