/**
 * A run-time value of an expression. JSON input needs no conversion:
 *
 * | CEL | here |
 * |---|---|
 * | null, bool, string | the same |
 * | int | `number` if safe (±(2⁵³−1)), else `bigint`; never a `bigint` in the safe range |
 * | double | `number` where the static type is double (declared parameters and results of functions); elsewhere a {@link CelDouble} if it is a safe integer, otherwise a `number` |
 * | uint | {@link CelUint} |
 * | bytes | `Uint8Array` |
 * | list | array; a function must not change an array that it was given |
 * | map | plain object when all keys are strings (only own properties with a value other than `undefined` count), else {@link CelMap} |
 * | timestamp, duration, optional, type | the classes below |
 * | anything else | a subclass of {@link OpaqueValue} |
 *
 * A value is self-describing when its form alone shows its type. Values of type `dyn`, values of type parameters, and
 * the elements of lists and maps are self-describing: there, a `number` that is a safe integer is always an int.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[] | ValueObject | CelValue;

/**
 * A map with string keys. Only own properties belong to the map. Write them with `setOwn`, because a key may be
 * `__proto__`.
 */
export interface ValueObject {
  readonly [key: string]: Value | undefined;
}

/** An int; a `bigint` only beyond ±(2⁵³−1). */
export type Int = number | bigint;

/**
 * The base class of the values that are neither JSON nor a `bigint` nor bytes. `typeName` is the name of the run-time
 * type (`uint`, `kubernetes.Quantity`).
 */
export abstract class CelValue {
  abstract get typeName(): string;
}

/** A double that is a safe integer, where the static type is not double: there, a `number` would be an int. */
export class CelDouble extends CelValue {
  readonly value: number;
  constructor(value: number) {
    super();
    this.value = value;
  }
  get typeName(): string {
    return 'double';
  }
}

/** An unsigned 64-bit integer. */
export class CelUint extends CelValue {
  readonly value: bigint;
  constructor(value: bigint) {
    super();
    this.value = value;
  }
  get typeName(): string {
    return 'uint';
  }
}

/** A point in time: seconds since 1970 (may be negative), and 0 to 999,999,999 nanoseconds. */
export class CelTimestamp extends CelValue {
  readonly seconds: number;
  readonly nanos: number;
  /** The offset from UTC in minutes. Only the string forms of the timestamp use it. */
  readonly offsetMinutes: number;
  constructor(seconds: number, nanos: number, offsetMinutes = 0) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.offsetMinutes = offsetMinutes;
  }
  get typeName(): string {
    return 'google.protobuf.Timestamp';
  }
}

/** A span of time in nanoseconds, within int64. */
export class CelDuration extends CelValue {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }
  get typeName(): string {
    return 'google.protobuf.Duration';
  }
}

/** `optional.of(value)`, or `optional.none()` if `value` is undefined. */
export class CelOptional extends CelValue {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    super();
    this.value = value;
  }
  get typeName(): string {
    return 'optional_type';
  }
}

/** The empty optional. */
export const OPTIONAL_NONE: CelOptional = new CelOptional(undefined);

/** A type as a value: the result of `type(x)`. */
export class CelTypeValue extends CelValue {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  get typeName(): string {
    return 'type';
  }
}

/**
 * A map with a key that is not a string. Numbers of different types are different keys. A lookup with a whole number
 * also finds an equal integer key of another number type. {@link CelMap.from} builds a map, and {@link CelMap.get}
 * looks a key up.
 */
export class CelMap extends CelValue {
  readonly #entries: ReadonlyMap<string, readonly [Value, Value]>;
  private constructor(entries: ReadonlyMap<string, readonly [Value, Value]>) {
    super();
    this.#entries = entries;
  }
  /**
   * Makes a map. The last of equal keys wins. The function accepts any value as a key, so the caller must refuse keys
   * that CEL does not allow.
   */
  static from(entries: Iterable<readonly [Value, Value]>): CelMap {
    const map = new Map<string, readonly [Value, Value]>();
    for (const entry of entries) map.set(mapKeyText(entry[0]), entry);
    return new CelMap(map);
  }
  get typeName(): string {
    return 'map';
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    const found = this.#entries.get(mapKeyText(key)) ?? this.#likeNumber(key);
    return found?.[1];
  }
  has(key: Value): boolean {
    return this.#entries.has(mapKeyText(key)) || this.#likeNumber(key) !== undefined;
  }
  /** The entry whose key is an equal integer of another type. */
  #likeNumber(key: Value): readonly [Value, Value] | undefined {
    const double = doubleOf(key);
    if (double !== undefined && !Number.isInteger(double)) return undefined;
    const whole = double === undefined ? key : BigInt(double);
    if (key instanceof CelUint) return this.#entries.get(`i${key.value}`);
    if (typeof whole !== 'number' && typeof whole !== 'bigint') return undefined;
    return (double === undefined ? undefined : this.#entries.get(`i${whole}`)) ?? this.#entries.get(`u${whole}`);
  }
  entries(): IterableIterator<readonly [Value, Value]> {
    return this.#entries.values();
  }
}

/** Converts a map key to a string. Keys of different types have different strings. */
export function mapKeyText(key: Value): string {
  if (typeof key === 'string') return `s${key}`;
  if (isInt(key)) return `i${key}`;
  if (key instanceof CelUint) return `u${key.value}`;
  const double = doubleOf(key);
  if (double !== undefined) return `d${double === 0 ? 0 : double}`;
  if (key === null || typeof key === 'boolean') return String(key);
  if (key instanceof CelTimestamp) return `t${key.seconds}.${key.nanos}`;
  if (key instanceof CelDuration) return `n${key.nanos}`;
  if (key instanceof CelTypeValue) return `y${key.name}`;
  // Any other value equals only itself, as in cel-go's maps.
  let id = identities.get(key);
  if (id === undefined) identities.set(key, (id = `o${++lastIdentity}`));
  return id;
}

const identities = new WeakMap<object, string>();
let lastIdentity = 0;

/** A value of a library's type. */
export abstract class OpaqueValue extends CelValue {
  /**
   * Is the value equal to another value of any type?
   *
   * @throws EvalFailure when the type refuses the comparison
   */
  abstract equals(other: Value): boolean;
  /** The value of a field of a struct-like value (`kro.run.Condition`); undefined when there is no such field. */
  field(_name: string): Value | undefined {
    return undefined;
  }
  /** The JSON value to which kro converts the value; undefined when kro does not convert the type. */
  toJson(): Value | undefined {
    return undefined;
  }
}

/**
 * An evaluation error. It is not an `Error` and has no stack, because evaluation errors are frequent (`a.b == 1 ||
 * true`) and must be cheap. It never leaves `Program.evaluate`.
 */
export class EvalFailure {
  readonly message: string;
  /** Does the error end the whole evaluation (budget, depth)? `&&` and `||` do not absorb such an error. */
  readonly fatal: boolean;
  constructor(message: string, fatal = false) {
    this.message = message;
    this.fatal = fatal;
  }
}

/** The message of the error for an evaluation that takes too much work. */
export const BUDGET_EXCEEDED = 'evaluation budget exceeded';

/** Raises an evaluation error; functions use it for every expected failure. */
export function fail(message: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
  throw new EvalFailure(message);
}

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** Is this self-describing value an int? */
export function isInt(value: Value): value is Int {
  return typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'bigint';
}

/** Converts a `bigint` to an int. An overflow of int64 is an error. */
export function checkedInt(value: bigint): Int {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  if (value < MIN_INT || value > MAX_INT) return fail('integer overflow');
  return value;
}

/** Converts a `bigint` to a uint. An overflow of uint64 is an error. */
export function toUint(value: bigint): CelUint {
  if (value < 0n || value > MAX_UINT) return fail('unsigned integer overflow');
  return new CelUint(value);
}

/** Makes a double self-describing: boxes the number if it is a safe integer. */
export function boxDouble(value: number): Value {
  return Number.isSafeInteger(value) ? new CelDouble(value) : value;
}

/** Returns the number of a self-describing double; undefined when the value is not a double. */
export function doubleOf(value: Value): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? undefined : value;
  return value instanceof CelDouble ? value.value : undefined;
}

/** Is this a map that is represented by a plain object? Such a map has only string keys. */
export function isObject(value: Value): value is ValueObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof CelValue) &&
    !(value instanceof Uint8Array)
  );
}

/** Is this a list? */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** The own property of a map object; undefined when absent. */
export function getProperty(object: ValueObject, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Stands for an invalid element of a list or map. An operation that reads the element throws the error. */
export class CelErrorValue extends CelValue {
  readonly message: string;
  constructor(message: string) {
    super();
    this.message = message;
  }
  get typeName(): string {
    return 'error';
  }
}

/** Charges work to a budget, as a `CallContext` does. */
export interface Meter {
  charge(units: number): void;
}

/**
 * A list that reads foreign data through a schema. A function receives such a list only for parameters of type `dyn` or
 * of a type parameter. {@link elementsOf} accepts it like any other list.
 */
export abstract class ListView extends CelValue {
  get typeName(): string {
    return 'list';
  }
  /** All elements, as self-describing values. An invalid element is a {@link CelErrorValue}. */
  abstract elements(): readonly Value[];
  /** Reads one element, and no other elements. Undefined for an index outside of the list. */
  abstract at(index: number): Value | undefined;
  /** The original data. */
  abstract raw(): readonly unknown[];
  /**
   * Equality with this list as the left operand. The comparison of its parts is charged to `meter`.
   *
   * @throws EvalFailure for a value that is not a list
   */
  abstract equals(other: Value, meter: Meter): boolean;
}

/** A map or object that reads foreign data through a schema; see {@link ListView}. */
export abstract class MapView extends CelValue {
  get typeName(): string {
    return 'map';
  }
  abstract get size(): number;
  abstract get(key: string): Value | undefined;
  abstract keys(): readonly string[];
  /** The original data. */
  abstract raw(): ValueObject;
  /**
   * Equality with this map as the left operand. The comparison of its parts is charged to `meter`.
   *
   * @throws EvalFailure for a value that is not a map
   */
  abstract equals(other: Value, meter: Meter): boolean;
}

/** The elements of a list of any representation; undefined for a value that is not a list. */
export function elementsOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value as readonly Value[];
  return value instanceof ListView ? value.elements() : undefined;
}

/** The data behind a value. For two views of the same data, the result is the same object. */
export function rawData(value: Value): unknown {
  if (value instanceof ListView || value instanceof MapView) return value.raw();
  if (value instanceof CelDouble || value instanceof CelUint) return value.value;
  return value;
}

/** The keys and values of a map of any representation; undefined for a value that is not a map. */
export function entriesOf(value: Value): (readonly [Value, Value])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof CelMap) return [...value.entries()];
  if (value instanceof MapView) return value.keys().map((key) => [key, value.get(key) ?? null] as const);
  if (!isObject(value)) return undefined;
  const entries: [Value, Value][] = [];
  for (const key of Object.keys(value)) {
    const entry = value[key];
    if (entry !== undefined) entries.push([key, entry]);
  }
  return entries;
}

/** The run-time type name as cel-go prints it: `int`, `list`, `map`, `null_type`, `kubernetes.Quantity` … */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isSafeInteger(value) ? 'int' : 'double';
    default:
      if (value === null) return 'null_type';
      if (value instanceof CelValue) return value.typeName;
      if (value instanceof Uint8Array) return 'bytes';
      return Array.isArray(value) ? 'list' : 'map';
  }
}

/** Is the value the double NaN? */
export function isNaNValue(value: Value): boolean {
  return typeof value === 'number' && Number.isNaN(value);
}
