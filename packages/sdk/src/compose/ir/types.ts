import { oncePerObject } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';

/**
 * States whether a number is an integer or a double. A number whose schema allows both starts as `open`, and becomes
 * `int` when it flows into an integer field; a number that stays open is a double. A literal without a fraction is
 * `whole` and adopts the type of the other operand.
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
  /** Is the field present in every object of the type? */
  readonly required: boolean;
  /**
   * The value that JavaScript reads when the field is missing: `null`, or `null` in some objects and `undefined` in
   * others (`either`). Default: `undefined`.
   */
  readonly missing?: 'null' | 'either';
  /** Is the field a counter that the server leaves out when it is zero? */
  readonly counter?: boolean;
  /**
   * The formula of a field that the schema of the kind does not have. The value of the field is computed from the whole
   * object.
   */
  readonly derived?: Derivation;
  /** Is the field an integer for CEL in some objects and a double in others? A read converts it to `type`. */
  readonly converts?: boolean;
}

/** The formula of a derived field. */
export interface Derivation {
  /** CEL over the object, written `self`. */
  readonly cel: string;
  /** CEL that is true when the field is present; undefined when the field always is present. */
  readonly has?: string | undefined;
  /** The fields of the schema that the formula reads. A warning advises the author to read these fields directly. */
  readonly instead: string;
  /** Dotted path of the field below the object. */
  readonly path: string;
}

/** An object with known fields, which are looked up lazily, because schemas may be recursive. */
export interface ObjectStaticType {
  readonly kind: 'object';
  readonly field: (name: string) => Field | undefined;
  readonly names: () => readonly string[];
  /** Are unknown fields allowed? Their type is dyn. */
  readonly open: boolean;
  /**
   * Is this the join of two object types, such as of the elements of two joined lists? In CEL, such objects are dyn.
   */
  readonly joined?: boolean;
  /** The schemas of which each object satisfies at least one, if the schema has alternatives. */
  readonly alternatives?: readonly Schema[];
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
  | {
      readonly kind: 'list';
      readonly element: StaticType;
      readonly merges?: boolean;
      /** The smallest number of elements that the schema allows. Lists that are computed from the list may be shorter. */
      readonly minItems?: number;
    }
  | { readonly kind: 'map'; readonly value: StaticType }
  | { readonly kind: 'optional'; readonly of: StaticType }
  | ObjectStaticType;

export const STRING: StaticType = { kind: 'string' };
export const BOOL: StaticType = { kind: 'bool' };
export const NULL: StaticType = { kind: 'null' };
export const DYN: StaticType = { kind: 'dyn' };
export const INTEGER: StaticType = { kind: 'number', number: INT };
export const FLOAT: StaticType = { kind: 'number', number: DOUBLE };
export const WHOLE_NUMBER: StaticType = { kind: 'number', number: WHOLE };

/** `list(element)`. Calls with the same element type return the same object. */
export const listOf = oncePerObject((element: StaticType): StaticType => ({ kind: 'list', element }));

/** `map(string, value)`. Calls with the same value type return the same object. */
export const mapOf = oncePerObject((value: StaticType): StaticType => ({ kind: 'map', value }));

/** `optional_type(of)`. */
export const optionalOf = oncePerObject((of: StaticType): StaticType => ({ kind: 'optional', of }));

/** The name of the type for messages: TypeScript's word, or CEL's for a type that TypeScript lacks. */
export function describeType(type: StaticType): string {
  switch (type.kind) {
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

/** Do operators treat the two types as one, such as two strings, two numbers, or lists of one type? */
export function sameStaticType(a: StaticType, b: StaticType): boolean {
  if (a === b) return true;
  if (a.kind === 'list' && b.kind === 'list') return sameStaticType(a.element, b.element) || isBottom(a) || isBottom(b);
  if (a.kind === 'map' && b.kind === 'map') return sameStaticType(a.value, b.value);
  if (a.kind === 'object' && b.kind === 'object') return sameFields(a, b);
  return a.kind === b.kind;
}

/**
 * Do two joined types have the same fields? Because a schema may be recursive, types that are nested too deeply count
 * as different.
 */
function sameFields(a: ObjectStaticType, b: ObjectStaticType, depth = 8): boolean {
  if (a.joined !== true || b.joined !== true || a.open !== b.open || depth === 0) return false;
  const names = a.names();
  if (names.length !== b.names().length) return false;
  return names.every((name) => {
    const [x, y] = [a.field(name), b.field(name)];
    if (x === undefined || y === undefined || x.required !== y.required || x.missing !== y.missing) return false;
    if (x.converts !== y.converts || x.type === y.type) return x.converts === y.converts;
    if (x.type.kind === 'object' && y.type.kind === 'object') return sameFields(x.type, y.type, depth - 1);
    return x.type.kind === y.type.kind && isScalar(x.type) && x.type.kind !== 'number';
  });
}

/** Is the value an object that has its own type in CEL, or does it contain such objects? */
export function holdsObjects(type: StaticType): boolean {
  if (type.kind === 'list') return holdsObjects(type.element);
  return type.kind === 'map' ? holdsObjects(type.value) : type.kind === 'object' && type.joined !== true;
}

/** Is this the type of `[]`, a list whose elements are not known? */
function isBottom(type: StaticType): boolean {
  return type.kind === 'list' && type.element === NEVER;
}

/** The element type of the empty list, which fits every other type. */
export const NEVER: StaticType = { kind: 'dyn' };

/**
 * The type of a value that has one of two types. Two object types are joined to one with the fields of both. Two other
 * types of one kind keep this kind. Types of different kinds become dyn.
 */
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
  if (a.kind === 'optional' && b.kind === 'optional') return optionalOf(joinTypes(a.of, b.of));
  if (a.kind === 'object' && b.kind === 'object') return joinedWith(a)(b);
  return a.kind === b.kind ? a : DYN;
}

const joinedWith = oncePerObject((a: ObjectStaticType) => oncePerObject((b: ObjectStaticType) => joinObjects(a, b)));

/**
 * The type of an object that has one of two types. A field is required only if both types require it, and is a counter
 * only in both. A derived field exists only if both types have the same formula.
 */
function joinObjects(a: ObjectStaticType, b: ObjectStaticType): ObjectStaticType {
  const fields = new Map<string, Field | undefined>();
  const fieldOf = (name: string): Field | undefined => {
    if (!fields.has(name)) fields.set(name, joinFields(a.field(name), b.field(name)));
    return fields.get(name);
  };
  return {
    kind: 'object',
    open: a.open || b.open,
    joined: true,
    names: () => [...new Set([...a.names(), ...b.names()])].filter((name) => fieldOf(name) !== undefined),
    field: fieldOf,
  };
}

/**
 * The joined field; undefined if the field is derived in one of the types, and the other type does not have the same
 * formula.
 */
function joinFields(a: Field | undefined, b: Field | undefined): Field | undefined {
  if (a?.derived !== undefined || b?.derived !== undefined) return a && b && sameFormula(a, b) ? a : undefined;
  if (a === undefined || b === undefined) {
    const given = a ?? b;
    if (given === undefined) return undefined;
    const { counter: _counter, missing, ...one } = given;
    // An object of the type without the field has the value undefined.
    return { ...one, required: false, ...(missing && { missing: 'either' }) };
  }
  const isCounter = a.counter === true && b.counter === true;
  const required = a.required && b.required && a.counter !== true && b.counter !== true;
  const missing = a.missing === b.missing || (a.missing ?? b.missing) === undefined ? a.missing : 'either';
  return { ...joinValues(a, b), required, ...(missing && { missing }), ...(isCounter && { counter: true }) };
}

function sameFormula({ derived: a }: Field, { derived: b }: Field): boolean {
  return a?.cel === b?.cel && a?.has === b?.has && a?.path === b?.path;
}

/**
 * The joined type of a field that both object types have. Lists or maps of numbers with different CEL types are joined
 * to dyn, because one expression cannot convert the numbers in them.
 */
function joinValues(a: Field, b: Field): Pick<Field, 'type' | 'converts'> {
  if (a.converts === true || b.converts === true) return { type: FLOAT, converts: true };
  if (a.type.kind === 'number' && b.type.kind === 'number') return joinNumbers(a.type, b.type);
  return { type: readAlike(a.type, b.type) ? joinTypes(a.type, b.type) : DYN };
}

type NumericType = StaticType & { readonly kind: 'number' };

const isWhole = ({ number }: NumericType): boolean => number.state === 'int' || number.state === 'whole';

function joinNumbers(a: NumericType, b: NumericType): Pick<Field, 'type' | 'converts'> {
  if (isWhole(a) && isWhole(b)) return { type: INTEGER };
  if (a.number === b.number || (a.number.state === 'double' && b.number.state === 'double')) return { type: a };
  // The open number becomes an integer where an integer is required; otherwise both are doubles.
  if (isWhole(a) && b.number.state === 'open') return { type: b, converts: true };
  if (isWhole(b) && a.number.state === 'open') return { type: a, converts: true };
  return { type: FLOAT, converts: true };
}

/** Can one expression read values of both types? Numbers inside of lists cannot be converted one by one. */
function readAlike(a: StaticType, b: StaticType): boolean {
  if (a === b || a === NEVER || b === NEVER) return true;
  if (a.kind === 'list' && b.kind === 'list') return readAlike(a.element, b.element);
  if (a.kind === 'map' && b.kind === 'map') return readAlike(a.value, b.value);
  if (a.kind === 'number' && b.kind === 'number') return joinNumbers(a, b).converts !== true;
  return a.kind === b.kind;
}

/**
 * The type of a value that is an integer or an open number: the open type, which may become an integer later. Of two
 * open types, the result is the first one.
 */
function mixed(a: StaticType & { kind: 'number' }, b: StaticType & { kind: 'number' }): StaticType {
  return a.number.state === 'open' ? a : b;
}

/** Is the type a number, a string or a boolean? Their values can be compared and printed. */
export function isScalar(type: StaticType): boolean {
  return type.kind === 'string' || type.kind === 'number' || type.kind === 'bool';
}
