import {
  objectAt,
  qualifiedName,
  compareQuantities,
  formatQuantity,
  quantityOf,
  quantityOfInteger,
  quantityToFloat,
} from '@typekro/kit/kubernetes';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from '../pods/resource-names.ts';

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
const GROUPS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type Group = (typeof GROUPS)[number];

/**
 * Checks the limits of a LimitRange: the types, the resource names, and that the bounds do not contradict each other.
 */
export function validateLimits(spec: Field): void {
  const items = spec.objects('limits');
  const repeated = repeatedFields(items.map((item) => item.text('type')));
  for (const item of items) {
    const type = item.text('type');
    checkType(type);
    if (repeated.has(type.path)) type.duplicate();
    validateItem(item, type.value);
  }
}

function checkType(type: Field<string>) {
  const wrong = qualifiedName(type.value);
  type.matches(() => wrong);
  if (wrong.length === 0 && !type.value.includes('/') && !TYPES.includes(type.value))
    type.invalid('must be a standard limit type or fully qualified');
}

function validateItem(item: Field, type: string) {
  const names = new Set<string>();
  const checkName = type === 'Pod' || type === 'Container' ? checkContainerResourceName : checkResourceName;
  for (const group of GROUPS) {
    if (type === 'Pod' && (group === 'default' || group === 'defaultRequest')) {
      const amounts = item.object(group);
      if (Object.keys(amounts.value).length > 0) amounts.forbidden("may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const { name } of item.amounts(group)) {
      checkName(name);
      names.add(name.value);
    }
  }
  const isBounded = [item.object('min'), item.object('max')].some(({ value }) => value['storage'] !== undefined);
  if (type === 'PersistentVolumeClaim' && !isBounded)
    item.member('limits').required('either minimum or maximum storage value is required, but neither was provided');
  for (const name of [...names].sort()) compareBounds(item, name);
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

function compareBounds({ value: item, path: at, problems }: Field, name: string) {
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
