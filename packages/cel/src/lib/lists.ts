import type { CallContext, FunctionDeclaration, Library } from '../library.ts';
import { sortIndices } from '@typekro/kit/golang';
import { DYN, INT, listType, typeParam } from '../types.ts';
import { CelUint, elementsOf, fail, typeNameOf, type Int, type Value } from '../values.ts';
import { member, overload, receiverMismatch, declare } from './define.ts';
import { isEqual } from './equal.ts';
import { COMPARABLE, visitedElements } from './k8s/k8s-lists.ts';
import { isComparable, tryCompare } from './compare-values.ts';

const T = typeParam('T');
const LIST_T = listType(T);
const MAX_RANGE_LENGTH = 1_000_000;

/** cel-go's lists extension, with the functions of all its versions. */
export const lists: Library = {
  name: 'cel.lib.ext.lists',
  functions: [
    declare('slice', member('list_slice', [LIST_T, INT, INT], LIST_T, slice)),
    declare(
      'flatten',
      {
        ...member('list_flatten', [listType(LIST_T)], LIST_T, (list: Value, context: CallContext) =>
          flatten(list, 1, context),
        ),
        mismatch: ([list]) => `no such overload: ${shownType(list)}.flatten()`,
      },
      {
        ...member('list_flatten_int', [listType(DYN), INT], listType(DYN), flatten),
        mismatch: ([list, depth]) => `no such overload: ${shownType(list)}.flatten(${shownType(depth)})`,
      },
    ),
    sortFunction(),
    sortByFunction(),
    declare('lists.range', overload('lists_range', [INT], listType(INT), range)),
    declare(
      'reverse',
      member('list_reverse', [LIST_T], LIST_T, (list: Value, context: CallContext) =>
        visitedElements(list, context).toReversed(),
      ),
    ),
    declare('distinct', member('list_distinct', [LIST_T], LIST_T, distinct)),
  ],
};

/** The name of the value's type in the messages of cel-go's list functions. */
function shownType(value: Value = null): string {
  const name = typeNameOf(value);
  if (name === 'list') return 'list(dyn)';
  return name === 'map' ? 'map(dyn, dyn)' : name;
}

function slice(list: Value, start: Int, end: Int, context: CallContext): Value {
  const call = `cannot slice(${start}, ${end})`;
  if (start < 0 || end < 0) return fail(`${call}, negative indexes not supported`);
  if (start > end) return fail(`${call}, start index must be less than or equal to end index`);
  const elements = elementsOf(list) ?? [];
  if (end > elements.length) return fail(`${call}, list is length ${elements.length}`);
  context.charge(Number(end) - Number(start));
  return elements.slice(Number(start), Number(end));
}

/** Flattens nested lists up to a depth. Elements that are not lists are kept. */
function flatten(list: Value, depth: Int, context: CallContext): Value {
  if (depth < 0) return fail('level must be non-negative');
  const out: Value[] = [];
  // The stack is explicit, because data may nest deeper than calls can.
  const stack: { readonly elements: readonly Value[]; next: number; readonly depth: number }[] = [
    { elements: elementsOf(list) ?? [], next: 0, depth: Number(depth) },
  ];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.next >= top.elements.length) {
      stack.pop();
      continue;
    }
    context.charge(1);
    const element = top.elements[top.next++] ?? null;
    const inner = top.depth > 0 ? elementsOf(element) : undefined;
    if (inner === undefined) out.push(element);
    else stack.push({ elements: inner, next: 0, depth: top.depth - 1 });
  }
  return out;
}

function sortFunction(): FunctionDeclaration {
  return {
    name: 'sort',
    overloads: COMPARABLE.map(([, type]) => ({
      ...member(`list_${type.name}_sort`, [listType(type)], listType(type), (list: Value, context: CallContext) =>
        sortByKeys(visitedElements(list, context), elementsOf(list) ?? [], type.kind === 'double', context),
      ),
      mismatch: receiverMismatch('sort'),
    })),
  };
}

/** The function that the macro `sortBy` calls with the computed keys. */
function sortByFunction(): FunctionDeclaration {
  const name = '@sortByAssociatedKeys';
  return {
    name,
    overloads: COMPARABLE.map(([, type]) => ({
      ...member(
        `list_${type.name}_sortByAssociatedKeys`,
        [LIST_T, listType(type)],
        LIST_T,
        (list: Value, keys: Value, context: CallContext) =>
          sortByKeys(visitedElements(list, context), elementsOf(keys) ?? [], type.kind === 'double', context),
      ),
      mismatch: receiverMismatch(name),
    })),
  };
}

function sortByKeys(
  list: readonly Value[],
  keys: readonly Value[],
  plainDoubles: boolean,
  context: CallContext,
): Value {
  if (list.length !== keys.length) {
    return fail(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.length} and ${keys.length} elements respectively`,
    );
  }
  const [first] = keys;
  if (first === undefined) return list;
  if (!isComparable(first)) return fail('list elements must be comparable');
  const isPlain = plainDoubles && keys.every((key) => typeof key === 'number');
  const typeName = typeNameOf(first);
  // JavaScript numbers in a list of the declared type double are doubles. `typeNameOf` would report a double without a
  // fraction as an int. So the types are not compared when all keys of such a list are JavaScript numbers.
  if (!isPlain && keys.some((key) => typeNameOf(key) !== typeName))
    return fail('list elements must have the same type');
  context.charge(Math.ceil(keys.length * Math.log2(keys.length + 1)));
  const less = keys.every((key) => key instanceof CelUint)
    ? (i: number, j: number) => (keys[i] as CelUint).value < (keys[j] as CelUint).value
    : (i: number, j: number) => tryCompare(keys[i] ?? null, keys[j] ?? null) === -1;
  return sortIndices(keys.length, less).map((index) => list[index] ?? null);
}

function range(size: Int, context: CallContext): Value {
  if (size < 0) return fail(`lists.range: size must be non-negative, got ${size}`);
  if (size > MAX_RANGE_LENGTH) return fail(`lists.range: size ${size} exceeds maximum allowed (${MAX_RANGE_LENGTH})`);
  context.charge(Number(size));
  return Array.from({ length: Number(size) }, (_, i) => i);
}

/**
 * Removes duplicates and keeps the first of equal elements. Strings, the usual case, are looked up in a set and not
 * compared in pairs.
 */
function distinct(list: Value, context: CallContext): Value {
  const elements = visitedElements(list, context);
  const out: Value[] = [];
  const texts = new Set<string>();
  const others: Value[] = [];
  for (const element of elements) {
    if (typeof element === 'string') {
      if (texts.has(element)) continue;
      texts.add(element);
    } else {
      context.charge(others.length);
      if (others.some((other) => isEqual(element, other, context))) continue;
      others.push(element);
    }
    out.push(element);
  }
  return out;
}
