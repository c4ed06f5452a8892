/**
 * Whether a number is an integer or a double. Numbers of a schema that says neither start `open` and
 * become `int` when they flow into an integer field; what stays open is a double. Literals without a
 * fraction are `whole` and adopt the other side.
 */
export class NumberType {
  state: 'int' | 'double' | 'open' | 'whole';

  constructor(state: 'int' | 'double' | 'open' | 'whole') {
    this.state = state;
  }
}

export const INT = new NumberType('int');
export const DOUBLE = new NumberType('double');
export const WHOLE = new NumberType('whole');

/** A field of an object type. */
export interface Field {
  readonly type: StaticType;
  /** Always there when the object is. */
  readonly required: boolean;
  /** What JavaScript sees where the field is missing; `undefined` when absent. */
  readonly missing?: 'null' | 'either';
  /** A counter that the server leaves out when it is zero. */
  readonly counter?: boolean;
  /** Not a field of the kind: a formula over the whole object. */
  readonly derived?: Derivation;
}

/** How a derived field is computed. */
export interface Derivation {
  /** CEL over the object, written `self`. */
  readonly cel: string;
  /** CEL that tells whether the field is there; always, when absent. */
  readonly has?: string | undefined;
  /** The real field to read instead. */
  readonly instead: string;
  /** Dotted path of the field below the object. */
  readonly path: string;
}

/** An object with known fields; looked up lazily because schemas may be recursive. */
export interface ObjectType {
  readonly kind: 'object';
  readonly field: (name: string) => Field | undefined;
  readonly names: () => readonly string[];
  /** Unknown fields are allowed; they are dyn. */
  readonly open: boolean;
}

/** The static type of a symbolic value. */
export type StaticType =
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'number'; readonly number: NumberType }
  | { readonly kind: 'bool' }
  | { readonly kind: 'null' }
  | { readonly kind: 'dyn' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'list'; readonly element: StaticType; readonly merges?: boolean }
  | { readonly kind: 'map'; readonly value: StaticType }
  | { readonly kind: 'optional'; readonly of: StaticType }
  | ObjectType;

export const STRING: StaticType = { kind: 'string' };
export const BOOL: StaticType = { kind: 'bool' };
export const NULL: StaticType = { kind: 'null' };
export const DYN: StaticType = { kind: 'dyn' };
export const INTEGER: StaticType = { kind: 'number', number: INT };
export const FLOAT: StaticType = { kind: 'number', number: DOUBLE };
export const WHOLE_NUMBER: StaticType = { kind: 'number', number: WHOLE };

const lists = new WeakMap<StaticType, StaticType>();
const maps = new WeakMap<StaticType, StaticType>();
const optionals = new WeakMap<StaticType, StaticType>();

function memo(table: WeakMap<StaticType, StaticType>, key: StaticType, make: () => StaticType): StaticType {
  let found = table.get(key);
  if (found === undefined) {
    found = make();
    table.set(key, found);
  }
  return found;
}

/** `list(element)`; the same object for the same element. */
export function listOf(element: StaticType): StaticType {
  return memo(lists, element, () => ({ kind: 'list', element }));
}

/** `map(string, value)`; the same object for the same value type. */
export function mapOf(value: StaticType): StaticType {
  return memo(maps, value, () => ({ kind: 'map', value }));
}

/** `optional_type(of)`. */
export function optionalOf(of: StaticType): StaticType {
  return memo(optionals, of, () => ({ kind: 'optional', of }));
}

/** What the type is called in messages to people who write TypeScript. */
export function describeType(type: StaticType): string {
  switch (type.kind) {
    case 'number':
      return type.number.state === 'int' ? 'integer' : 'number';
    case 'bool':
      return 'boolean';
    case 'list':
      return `list of ${describeType(type.element)}`;
    case 'map':
      return `map of ${describeType(type.value)}`;
    case 'dyn':
      return 'value of unknown type';
    default:
      return type.kind;
  }
}

/** Are the two one type for operators: both strings, both numbers, lists of one type, the same object type? */
export function sameType(a: StaticType, b: StaticType): boolean {
  if (a === b) return true;
  if (a.kind === 'list' && b.kind === 'list') return sameType(a.element, b.element) || isBottom(a) || isBottom(b);
  if (a.kind === 'map' && b.kind === 'map') return sameType(a.value, b.value);
  return a.kind === b.kind && a.kind !== 'object';
}

/** Is the value an object with known fields, or does it hold such objects? */
export function holdsObjects(type: StaticType): boolean {
  if (type.kind === 'list') return holdsObjects(type.element);
  return type.kind === 'map' ? holdsObjects(type.value) : type.kind === 'object';
}

/** The type of `[]`: a list whose elements are not known. */
function isBottom(type: StaticType): boolean {
  return type.kind === 'list' && type.element === NEVER;
}

/** Element type of the empty list: fits every other. */
export const NEVER: StaticType = { kind: 'dyn' };

/** The type of a value that is one or the other. Different types make dyn. */
export function joinTypes(a: StaticType, b: StaticType): StaticType {
  if (a === b || b === NEVER) return a;
  if (a === NEVER) return b;
  if (a.kind === 'number' && b.kind === 'number') {
    if (a.number.state === 'whole') return b;
    if (b.number.state === 'whole') return a;
    return a.number.state === 'double' ? a : b.number.state === 'double' ? b : a.number === b.number ? a : mixed(a, b);
  }
  if (a.kind === 'string' && b.kind === 'string') return STRING;
  if (a.kind === 'list' && b.kind === 'list') return listOf(joinTypes(a.element, b.element));
  if (a.kind === 'map' && b.kind === 'map') return mapOf(joinTypes(a.value, b.value));
  return a.kind === b.kind && a.kind !== 'object' ? a : DYN;
}

/** An integer and an open number: open as long as the open one is. */
function mixed(a: StaticType & { kind: 'number' }, b: StaticType & { kind: 'number' }): StaticType {
  return a.number.state === 'open' ? a : b;
}

/** Numbers, strings, booleans: what can be compared and printed. */
export function isScalar(type: StaticType): boolean {
  return type.kind === 'string' || type.kind === 'number' || type.kind === 'bool';
}
