import type { JsonObject } from '@typekro/kit/core';
import {
  objectAt,
  objectsAt,
  qualifiedName,
  textAt,
  compareQuantities,
  formatQuantity,
  quantityOf,
  quantityOfInteger,
  quantityToFloat,
} from '@typekro/kit/kubernetes';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from '../pods/resource-names.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
const GROUPS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type Group = (typeof GROUPS)[number];

/**
 * Checks the limits of a LimitRange: the types, the resource names, and that the bounds do not contradict each other.
 */
export function validateLimits(spec: JsonObject, problems: Problems): void {
  const seen = new Set<string>();
  for (const [index, item] of objectsAt(spec, 'limits').entries()) {
    const at = `spec.limits[${index}]`;
    const type = textAt(item, 'type');
    checkType(type, `${at}.type`, problems);
    if (seen.has(type)) problems.duplicate(`${at}.type`, type);
    seen.add(type);
    validateItem(item, type, at, problems);
  }
}

function checkType(type: string, path: string, problems: Problems) {
  const wrong = qualifiedName(type);
  problems.invalidFor(path, type, wrong);
  if (wrong.length === 0 && !type.includes('/') && !TYPES.includes(type))
    problems.invalid(path, type, 'must be a standard limit type or fully qualified');
}

function validateItem(item: JsonObject, type: string, at: string, problems: Problems) {
  const names = new Set<string>();
  const checkName = type === 'Pod' || type === 'Container' ? checkContainerResourceName : checkResourceName;
  for (const group of GROUPS) {
    if (type === 'Pod' && (group === 'default' || group === 'defaultRequest')) {
      if (Object.keys(objectAt(item, group)).length > 0)
        problems.forbidden(`${at}.${group}`, "may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const name of Object.keys(objectAt(item, group))) {
      checkName(name, `${at}.${group}[${name}]`, problems);
      names.add(name);
    }
  }
  const bounded = [objectAt(item, 'min'), objectAt(item, 'max')].some((bound) => bound['storage'] !== undefined);
  if (type === 'PersistentVolumeClaim' && !bounded)
    problems.required(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided');
  for (const name of [...names].sort()) compareBounds(item, name, at, problems);
}

/**
 * Pairs of bounds. The first bound must not exceed the second. Each entry also has the names that messages use for both
 * bounds, the field that the error names, and the bound whose value the error shows.
 */
const ORDER: readonly (readonly [Group, Group, readonly [string, string], Group, Group])[] = [
  ['min', 'max', ['min', 'max'], 'min', 'min'],
  ['min', 'defaultRequest', ['min', 'default request'], 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', ['default request', 'max'], 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', ['default request', 'default limit'], 'defaultRequest', 'defaultRequest'],
  ['min', 'default', ['min', 'default'], 'default', 'min'],
  ['default', 'max', ['default', 'max'], 'default', 'max'],
];

function compareBounds(item: JsonObject, name: string, at: string, problems: Problems) {
  const bound = (group: Group): ParsedQuantity | undefined => {
    const value = objectAt(item, group)[name];
    return value === undefined ? undefined : quantityOf(value);
  };
  for (const [lower, upper, [low, high], field, shown] of ORDER) {
    const [less, more] = [bound(lower), bound(upper)];
    if (less === undefined || more === undefined || compareQuantities(less, more) <= 0) continue;
    const value = formatQuantity(shown === lower ? less : more);
    const text = `${low} value ${formatQuantity(less)} is greater than ${high} value ${formatQuantity(more)}`;
    problems.invalid(`${at}.${field}[${name}]`, value, text);
  }
  const ratio = bound('maxLimitRequestRatio');
  if (ratio !== undefined && compareQuantities(ratio, quantityOfInteger(1n)) < 0) {
    const shown = formatQuantity(ratio);
    problems.invalid(`${at}.maxLimitRequestRatio[${name}]`, shown, `ratio ${shown} is less than 1`);
  }
  const [min, max] = [bound('min'), bound('max')];
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const [shown, largest] = [formatQuantity(ratio), quantityToFloat(max) / quantityToFloat(min)];
    const text = `ratio ${shown} is greater than max/min = ${largest.toFixed(6)}`;
    if (quantityToFloat(ratio) > largest) problems.invalid(`${at}.maxLimitRequestRatio[${name}]`, shown, text);
  }
  const [limit, request] = [bound('default'), bound('defaultRequest')];
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return;
  if (compareQuantities(limit, request) === 0) return;
  const shown = formatQuantity(request);
  const text = `default value ${formatQuantity(limit)} must equal to defaultRequest value ${shown} in ${name}`;
  problems.invalid(`${at}.defaultRequest[${name}]`, shown, text);
}
