import type { SharedBudget } from './api.ts';
import { type JsonValue, setOwn } from '@typekro/kit/core';
import { goFormatDuration, goJsonProblem } from '@typekro/kit/golang';
import { OMIT } from './lib/index.ts';
import { MIN_SECONDS, formatTimestamp } from './lib/timestamp.ts';
import { goTypeName } from './eval/adopt.ts';
import type { Value } from './values.ts';
import {
  BUDGET_EXCEEDED,
  CelDouble,
  CelDuration,
  CelErrorValue,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  CelValue,
  ListView,
  MapView,
  OpaqueValue,
} from './values.ts';

/** The JSON value of a result. The value is undefined for `omit()`: the field or element is left out. */
export type JsonResult =
  | { readonly ok: true; readonly value: JsonValue | undefined }
  | { readonly ok: false; readonly error: string };

/** The options of {@link toJson}. */
export interface JsonOptions {
  /** The value that replaces `omit()`. Without it, the field or element is left out. */
  readonly omit?: JsonValue;
  /** The budget of the evaluation's `shared` option, which the copies of the values also use. Default: none. */
  readonly shared?: SharedBudget;
}

/** The work for a value of a result, in units of the shared budget. */
const VALUE_WORK = 4;

/** The maximum depth of a result. */
const MAX_DEPTH = 500;
/** The maximum number of values in a result. A Kubernetes object has a few thousand. */
const MAX_VALUES = 2_000_000;

class Refusal {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function refuse(message: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- caught by toJson, never seen outside
  throw new Refusal(message);
}

/**
 * Converts a result to the JSON value of a template or status field, by kro's rules and with kro's messages. Durations
 * have Go's notation, timestamps are in UTC without fractions, and an empty optional is null. Bytes, large uints,
 * library types, and keys whose JSON form is not a string are refused. When the result is a map or an object of foreign
 * data (data from outside CEL), its data is converted without its schema. Without `options.omit`, an `omit()` inside a
 * list or map removes its element or field.
 */
export function toJson(value: Value, options: JsonOptions = {}): JsonResult {
  const conversion = new Conversion(options);
  try {
    const json = conversion.convert(value, 0);
    return { ok: true, value: json };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, error: thrown.message };
    throw thrown;
  } finally {
    const { shared } = options;
    if (shared !== undefined) shared.left = Math.max(0, shared.left - VALUE_WORK * conversion.count);
  }
}

const BYTES =
  'unsupported type: bytes value cannot be used directly in a resource template or status field; ' +
  'encode it explicitly, e.g. base64.encode(...)';

/** The JSON value of a result that is stored. An infinity or NaN in it is an error, with the message of Go's encoder. */
export function finiteJson(value: Value, options?: JsonOptions): JsonResult {
  const json = toJson(value, options);
  const problem = json.ok ? goJsonProblem(json.value) : undefined;
  return problem === undefined ? json : { ok: false, error: problem };
}

/** One conversion; `omitted` replaces `omit()`. */
class Conversion {
  readonly #omitted: JsonValue | undefined;
  readonly #maximum: number;
  /** The number of converted values. */
  count = 0;

  constructor({ omit, shared }: JsonOptions) {
    this.#omitted = omit;
    this.#maximum = Math.min(MAX_VALUES, (shared?.left ?? Infinity) / VALUE_WORK);
  }

  convert(value: Value, depth: number): JsonValue | undefined {
    if (depth > MAX_DEPTH) return refuse('result is nested too deep');
    // CEL values can share parts, but JSON values are copied. Without a limit, the JSON value of a small expression
    // could exceed the memory.
    if (++this.count > this.#maximum) return refuse(this.count > MAX_VALUES ? 'result is too large' : BUDGET_EXCEEDED);
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'number':
      case 'bigint':
        return value;
      case 'object':
        break;
      default:
        return refuse(`unsupported type: ${typeof value}`);
    }
    if (value === null) return null;
    if (value === OMIT) return this.#omitted;
    if (Array.isArray(value)) return this.#list(value as readonly Value[], depth);
    if (value instanceof Uint8Array) return refuse(BYTES);
    if (value instanceof CelValue) return this.#special(value, depth);
    return this.#entries(
      Object.entries(value).filter((entry): entry is [string, Value] => entry[1] !== undefined),
      depth,
    );
  }

  #special(value: CelValue, depth: number): JsonValue | undefined {
    if (value instanceof CelDouble) return value.value;
    if (value instanceof CelUint) return convertUint(value);
    if (value instanceof CelDuration) return goFormatDuration(value.nanos);
    if (value instanceof CelTimestamp) return convertTimestamp(value);
    if (value instanceof CelOptional) return value.value === undefined ? null : this.convert(value.value, depth + 1);
    if (value instanceof ListView) return this.#list(value.elements(), depth);
    if (value instanceof MapView) return this.convert(value.raw(), depth + 1);
    if (value instanceof CelMap) return this.#entries([...value.entries()], depth);
    if (value instanceof CelErrorValue) return refuse('unsupported type: error');
    const json = value instanceof OpaqueValue ? value.toJson() : undefined;
    return json === undefined ? refuse(`unsupported type: ${value.typeName}`) : this.convert(json, depth + 1);
  }

  #list(elements: readonly Value[], depth: number): JsonValue {
    const list: JsonValue[] = [];
    for (const element of elements) {
      const converted = this.convert(element, depth + 1);
      if (converted !== undefined) list.push(converted);
    }
    return list;
  }

  /** Converts a map key to a string. Keys whose JSON form is a string, such as timestamps, are allowed. */
  #key(key: Value, depth: number): string {
    let json: JsonValue | undefined;
    try {
      json = this.convert(key, depth + 1);
    } catch (thrown) {
      return thrown instanceof Refusal ? refuse(`failed to convert map key: ${thrown.message}`) : refuse('bad map key');
    }
    return typeof json === 'string' ? json : refuse(`map key must be string, got ${keyTypeName(key, json)}`);
  }

  #entries(entries: readonly (readonly [Value, Value])[], depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    for (const [key, entry] of entries) {
      const name = typeof key === 'string' ? key : this.#key(key, depth);
      const converted = this.convert(entry, depth + 1);
      if (converted !== undefined) setOwn(object, name, converted);
    }
    return object;
  }
}

function convertUint({ value }: CelUint): JsonValue {
  if (value > 2n ** 63n - 1n) {
    return refuse(`unsupported type: uint value ${value} overflows int64; convert it explicitly, e.g. string(...)`);
  }
  return value <= 9007199254740991n ? Number(value) : value;
}

/** Converts a timestamp to JSON. Go's zero time becomes null, as in kro. */
function convertTimestamp({ seconds, nanos }: CelTimestamp): JsonValue {
  if (seconds === MIN_SECONDS && nanos === 0) return null;
  return formatTimestamp({ seconds, nanos: 0, offsetMinutes: 0 });
}

function keyTypeName(key: Value, json: JsonValue | undefined): string {
  if (key instanceof CelUint) return 'uint64';
  return key instanceof CelDouble ? 'float64' : goTypeName(json);
}
