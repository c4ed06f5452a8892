import type { JsonObject, JsonValue } from '../../core/index.ts';
import {
  compareQuantities,
  isMultipleOf,
  isWholeQuantity,
  objectAt,
  objectsAt,
  quantityOf,
  textAt,
} from '../../kubernetes/index.ts';
import {
  fieldForbidden,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
  fieldRequired,
} from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { isExtendedResource, isHugePages, OF_CONTAINERS } from './resource-names.ts';

const quantity = (value: JsonValue | undefined) => quantityOf(value ?? '0');

/** Checks requests and limits of a container. `pod` is the specification of its pod. */
export function validateResources(resources: JsonObject, pod: JsonObject, at: string, problems: FieldError[]): void {
  const [limits, requests] = [objectAt(resources, 'limits'), objectAt(resources, 'requests')];
  for (const [group, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value = null] of Object.entries(values))
      checkAmount(name, value, `${at}.${group}[${name}]`, problems);
  }
  for (const [name, value = null] of Object.entries(requests)) compareToLimit(name, value, limits, at, problems);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    problems.push(fieldForbidden(at, 'HugePages require cpu or memory'));
  const known = objectsAt(pod, 'resourceClaims').map((claim) => textAt(claim, 'name'));
  for (const [index, claim] of objectsAt(resources, 'claims').entries()) {
    const name = textAt(claim, 'name');
    const place = `${at}.claims[${index}]`;
    if (name === '') problems.push(fieldRequired(place));
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

function checkAmount(name: string, value: JsonValue, path: string, problems: FieldError[]) {
  if (!name.includes('/') && !OF_CONTAINERS.includes(name) && !isHugePages(name)) {
    problems.push(
      fieldInvalid(path, name, 'must be a standard resource type or fully qualified'),
      fieldInvalid(path, name, 'must be a standard resource for containers'),
    );
  }
  const amount = quantity(value);
  if (amount === undefined) return;
  if (amount.unscaled < 0n) problems.push(fieldInvalid(path, value, 'must be greater than or equal to 0'));
  if (isExtendedResource(name) && !isWholeQuantity(amount))
    problems.push(fieldInvalid(path, value, 'must be an integer'));
  const page = isHugePages(name) ? quantityOf(name.slice('hugepages-'.length)) : undefined;
  if (page !== undefined && page.unscaled > 0n && !isMultipleOf(amount, page))
    problems.push(fieldInvalid(path, value, `${String(value)} is not positive integer multiple of ${name}`));
}

function compareToLimit(name: string, value: JsonValue, limits: JsonObject, at: string, problems: FieldError[]) {
  const limit = limits[name];
  // Resources that cannot be overcommitted must have equal requests and limits.
  const whole = isExtendedResource(name) || isHugePages(name);
  if (limit === undefined) {
    if (whole) problems.push(fieldRequired(`${at}.limits`, 'Limit must be set for non overcommitable resources'));
    return;
  }
  const [requested, allowed] = [quantity(value), quantity(limit)];
  if (requested === undefined || allowed === undefined) return;
  const order = compareQuantities(requested, allowed);
  if (whole ? order !== 0 : order > 0) {
    const relation = whole ? 'equal to' : 'less than or equal to';
    problems.push(fieldInvalid(`${at}.requests`, value, `must be ${relation} ${name} limit of ${String(limit)}`));
  }
}

const RESIZABLE = ['cpu', 'memory'];
const RESTARTS = ['NotRequired', 'RestartContainer'];

/** Checks the policy for changing a container's resources. */
export function validateResizePolicy(container: JsonObject, at: string, problems: FieldError[]): void {
  for (const entry of objectsAt(container, 'resizePolicy')) {
    for (const [key, known] of [
      ['resourceName', RESIZABLE],
      ['restartPolicy', RESTARTS],
    ] as const) {
      const value = textAt(entry, key);
      if (!known.includes(value)) problems.push(fieldNotSupported(`${at}.resizePolicy`, value, known));
    }
  }
}
