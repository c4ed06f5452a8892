import type { CallContext, FunctionDeclaration, Library, Overload } from '../../library.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  INT,
  listType,
  STRING,
  TIMESTAMP,
  typeParam,
  UINT,
  type CelType,
} from '../../types.ts';
import { CelDuration, CelUint, elementsOf, fail, type Value } from '../../values.ts';
import { member, declare } from '../define.ts';
import { isEqual } from '../equal.ts';
import { isComparable, tryCompare } from '../compare-values.ts';
import { addValues } from '../add-values.ts';

/** The ordered types, each with its name in overload ids. */
export const COMPARABLE: readonly (readonly [string, CelType])[] = [
  ['int', INT],
  ['uint', UINT],
  ['double', DOUBLE],
  ['bool', BOOL],
  ['duration', DURATION],
  ['timestamp', TIMESTAMP],
  ['string', STRING],
  ['bytes', BYTES],
];

const A = typeParam('A');
const LIST_A = listType(A);

/** Kubernetes' list functions. */
export const kubernetesLists: Library = {
  name: 'kubernetes.lists',
  functions: [
    perType('isSorted', (type) => `list_${type}_is_sorted_bool`, isSorted, BOOL),
    sum(),
    perType(
      'max',
      (type) => `list_${type}_max_${type}`,
      (list) => extreme('max', -1, list),
    ),
    perType(
      'min',
      (type) => `list_${type}_min_${type}`,
      (list) => extreme('min', 1, list),
    ),
    declare(
      'indexOf',
      member('list_a_index_of_int', [LIST_A, A], INT, (list: Value, item: Value, context: CallContext) =>
        visitedElements(list, context).findIndex((element) => isEqual(element, item, context)),
      ),
    ),
    declare(
      'lastIndexOf',
      member('list_a_last_index_of_int', [LIST_A, A], INT, (list: Value, item: Value, context: CallContext) =>
        visitedElements(list, context).findLastIndex((element) => isEqual(element, item, context)),
      ),
    ),
  ],
};

/** One overload for each comparable type; all have the same implementation. */
function perType(
  name: string,
  id: (type: string) => string,
  call: (list: readonly Value[]) => Value,
  result?: CelType,
): FunctionDeclaration {
  const overloads = COMPARABLE.map(([typeName, type]) =>
    member(id(typeName), [listType(type)], result ?? type, (list: Value, context: CallContext) => {
      const elements = visitedElements(list, context);
      // Kubernetes chooses the overload by the first element of a `dyn` list.
      if (elements.length > 0 && !isComparable(elements[0] ?? null)) return fail(`no such overload: ${name}(list)`);
      return call(elements);
    }),
  );
  return { name, overloads };
}

/** Is the list sorted? Two neighbours that cannot be compared count as sorted, because an error is not "greater". */
function isSorted(list: readonly Value[]): Value {
  for (let i = 1; i < list.length; i++) {
    const next = list[i] ?? null;
    if (!isComparable(next)) return fail('no such overload');
    if (tryCompare(list[i - 1] ?? null, next) === 1) return false;
  }
  return true;
}

/**
 * Returns the least or the greatest element; the first one of several equal elements. An element that cannot be
 * compared with the current result does not replace it.
 */
function extreme(name: string, replaces: -1 | 1, list: readonly Value[]): Value {
  let best = list[0];
  if (best === undefined) return fail(`${name} called on empty list`);
  for (let i = 1; i < list.length; i++) {
    const next = list[i] ?? null;
    if (!isComparable(next)) return fail('no such overload');
    if (tryCompare(best, next) === replaces) best = next;
  }
  return best;
}

function sum(): FunctionDeclaration {
  const zeros: readonly (readonly [string, CelType, Value])[] = [
    ['int', INT, 0],
    ['uint', UINT, new CelUint(0n)],
    ['double', DOUBLE, 0],
    ['duration', DURATION, new CelDuration(0n)],
  ];
  const overloads = zeros.map(([typeName, type, zero]): Overload =>
    member(`list_${typeName}_sum_${typeName}`, [listType(type)], type, (list: Value, context: CallContext) => {
      const elements = visitedElements(list, context);
      if (elements.length === 0) return zero;
      return type === DOUBLE ? sumDoubles(elements) : addValues(elements);
    }),
  );
  return { name: 'sum', overloads };
}

function sumDoubles(elements: readonly Value[]): Value {
  let total = 0;
  for (const element of elements) {
    // A list of doubles holds plain numbers; any other element has another type.
    if (typeof element !== 'number') return fail('no such overload');
    total += element;
  }
  return total;
}

/** The elements of a list. Charges one unit for each element, because the call visits all of them. */
export function visitedElements(list: Value, context: CallContext): readonly Value[] {
  const elements = elementsOf(list) ?? [];
  context.charge(elements.length);
  return elements;
}
