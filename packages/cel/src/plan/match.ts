import { type CelType, isOptional, paramOf } from '../types.ts';
import type { Meter, Value } from '../values.ts';
import {
  CelDuration,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  MapView,
  doubleOf,
  elementsOf,
  entriesOf,
  isInt,
  isList,
  isObject,
  ListView,
  typeNameOf,
} from '../values.ts';

/**
 * Does a value whose form alone shows its type (self-describing, see `values.ts`) fit a declared parameter type? The
 * parts of the value are not checked.
 */
export function matches(value: Value, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'int':
      return isInt(value);
    case 'double':
      return doubleOf(value) !== undefined;
    case 'uint':
      return value instanceof CelUint;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'null':
      return value === null;
    case 'list':
      return isList(value) || value instanceof ListView;
    case 'map':
      return value instanceof CelMap || value instanceof MapView || isObject(value);
    case 'timestamp':
      return value instanceof CelTimestamp;
    case 'duration':
      return value instanceof CelDuration;
    case 'type':
      return value instanceof CelTypeValue;
    case 'opaque':
      return isOptional(type) ? value instanceof CelOptional : typeNameOf(value) === type.name;
    case 'struct':
      return typeNameOf(value) === type.name || ((value instanceof MapView || isObject(value)) && !isOpaque(type));
    case 'error':
      return false;
  }
}

/** Is this a struct type whose values are always class instances and never plain data? */
function isOpaque({ name }: CelType): boolean {
  return name.startsWith('kubernetes.') || name.startsWith('kro.run.');
}

/**
 * As {@link matches}, but also checks the first element of a list or the first entry of a map. cel-go chooses an
 * overload by the type of this element or entry.
 */
export function matchesInside(value: Value, type: CelType): boolean {
  if (!matches(value, type)) return false;
  if (type.kind === 'map') return type.params.every(({ kind }) => kind === 'param') || firstEntryMatches(value, type);
  const first = type.kind === 'list' ? firstOf(value) : undefined;
  return first === undefined || matchesInside(first, paramOf(type, 0));
}

function firstOf(list: Value): Value | undefined {
  return list instanceof ListView ? list.at(0) : elementsOf(list)?.[0];
}

function firstEntryMatches(value: Value, type: CelType): boolean {
  const first = entriesOf(value)?.[0];
  if (first === undefined) return true;
  return matchesInside(first[0], paramOf(type, 0)) && matchesInside(first[1], paramOf(type, 1));
}

/** Does every value of the known type fit the parameter? */
export function surelyMatches(known: CelType, type: CelType): boolean {
  if (type.kind === 'dyn' || type.kind === 'param') return true;
  if (known.kind !== type.kind) return false;
  return known.kind === 'opaque' || known.kind === 'struct' ? known.name === type.name : true;
}

/** The number of elements of foreign data (data from outside CEL) that can be read for one unit of cost. */
const ELEMENTS_PER_UNIT = 8;

/**
 * Converts a self-describing value that matches a parameter to the form of this parameter. For a list of foreign data,
 * all elements are read, and `meter` is charged for them.
 */
export function toParameter(value: Value, type: CelType, meter: Meter): Value {
  if (type.kind === 'double') return doubleOf(value) ?? Number.NaN;
  if (type.kind !== 'list') return value;
  if (value instanceof ListView) meter.charge(Math.floor(value.raw().length / ELEMENTS_PER_UNIT));
  const elements = elementsOf(value) ?? [];
  if (paramOf(type, 0).kind !== 'double') return elements;
  // An int in a list of doubles becomes a `bigint`, because a plain number would count as a double.
  return elements.map((element) => doubleOf(element) ?? (typeof element === 'number' ? BigInt(element) : element));
}
