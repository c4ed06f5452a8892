/**
 * The kind of a type. Types of the kinds `struct` and `opaque` are distinguished by name, containers by their
 * parameters.
 */
export type TypeKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint';

/**
 * A CEL type. All types have the same members, so that one function can unify them:
 *
 * - scalars, `dyn`, `null`, `timestamp`, `duration`: no parameters;
 * - `list` has the type of the elements, and `map` has the types of key and value. `type` is the type of a value that
 *   is itself a type, such as `int`. Its parameter is the type that the value denotes, if known;
 * - `struct` is an object type; a `TypeProvider` or a library declares its fields under `name`. A library type without
 *   fields can also be a struct (`kubernetes.Quantity`);
 * - `opaque` is a library's own type, such as `net.IP` or `optional_type`;
 * - `param` is a type parameter of a function declaration, named by `name`.
 *
 * Types are immutable; compare them with {@link sameType}, never by identity.
 */
export interface CelType {
  readonly kind: TypeKind;
  readonly name: string;
  readonly params: readonly CelType[];
}

const NONE: readonly CelType[] = [];
const simple = (kind: TypeKind, name: string): CelType => ({ kind, name, params: NONE });

/** The type of booleans. */
export const BOOL: CelType = simple('bool', 'bool');
/** The type of sequences of bytes. */
export const BYTES: CelType = simple('bytes', 'bytes');
/** The type of floating-point numbers of 64 bits. */
export const DOUBLE: CelType = simple('double', 'double');
/** The type of durations. */
export const DURATION: CelType = simple('duration', 'google.protobuf.Duration');
/** The type of values whose type is only known when the program runs. */
export const DYN: CelType = simple('dyn', 'dyn');
/**
 * The type of an expression whose error was already reported; it is assignable to every type, so no second error is
 * reported.
 */
export const ERROR: CelType = simple('error', '!error!');
/** The type of integers of 64 bits. */
export const INT: CelType = simple('int', 'int');
/** The type of `null`. */
export const NULL: CelType = simple('null', 'null_type');
/** The type of strings. */
export const STRING: CelType = simple('string', 'string');
/** The type of points in time. */
export const TIMESTAMP: CelType = simple('timestamp', 'google.protobuf.Timestamp');
/** The type of values that are types. */
export const TYPE: CelType = simple('type', 'type');
/** The type of unsigned integers of 64 bits. */
export const UINT: CelType = simple('uint', 'uint');

/** The type `list(element)`. */
export function listType(element: CelType): CelType {
  return { kind: 'list', name: 'list', params: [element] };
}

/** The type `map(key, value)`. */
export function mapType(key: CelType, value: CelType): CelType {
  return { kind: 'map', name: 'map', params: [key, value] };
}

/** The type `optional_type(value)`. */
export function optionalType(value: CelType): CelType {
  return { kind: 'opaque', name: 'optional_type', params: [value] };
}

/** A type of a library, such as `net.IP`. */
export function opaqueType(name: string, params: readonly CelType[] = NONE): CelType {
  return { kind: 'opaque', name, params };
}

/** An object type; a `TypeProvider` or a library declares its fields under this name. */
export function structType(name: string): CelType {
  return { kind: 'struct', name, params: NONE };
}

/** A type parameter of a function declaration: `typeParam('T')`. */
export function typeParam(name: string): CelType {
  return { kind: 'param', name, params: NONE };
}

/** The type of a type value: `typeType(INT)` is `type(int)`. */
export function typeType(of: CelType): CelType {
  return { kind: 'type', name: 'type', params: [of] };
}

/** Is this `optional_type(…)`? */
export function isOptional(type: CelType): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type';
}

/** Returns the n-th parameter; `dyn` if the type does not have it. */
export function paramOf(type: CelType, index: number): CelType {
  return type.params[index] ?? DYN;
}

/** Are the types the same, including their parameters? */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => sameType(param, b.params[index] as CelType))
  );
}

/**
 * Formats a type as cel-go prints a result type: `int`, `list(string)`, `map(string, dyn)`, `optional_type(int)`,
 * `type(int)`, `null_type`, `google.protobuf.Timestamp`, a struct by its name.
 */
export function typeToString(type: CelType): string {
  if (type.params.length === 0) return type.name;
  return `${type.name}(${type.params.map(typeToString).join(', ')})`;
}

/**
 * Is a value of type `from` assignable to type `to`? Every type is assignable to `dyn`; `dyn` is assignable only to
 * `dyn`.
 */
export function isAssignable(from: CelType, to: CelType): boolean {
  if (to.kind === 'dyn') return true;
  return (
    from.kind === to.kind &&
    from.name === to.name &&
    from.params.length === to.params.length &&
    to.params.every((param, index) => isAssignable(from.params[index] as CelType, param))
  );
}
