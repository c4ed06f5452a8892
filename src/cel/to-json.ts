import type { JsonValue } from '../core/index.ts';
import { OMIT } from './lib/index.ts';
import { formatDuration } from './lib/duration.ts';
import { MIN_SECONDS, formatTimestamp } from './lib/timestamp.ts';
import { goTypeName } from './runtime/go-type-name.ts';
import type { Value } from './values.ts';
import {
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
  setProperty,
} from './values.ts';

/** The JSON form of a result; undefined stands for `omit()`: the field or element is to be left out. */
export type JsonResult =
  | { readonly ok: true; readonly value: JsonValue | undefined }
  | { readonly ok: false; readonly error: string };

/** Deeper results are refused. */
const DEEPEST = 500;

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
 * Converts a result to what a template or status field can hold, by kro's rules and with its error texts:
 * durations in Go's form, timestamps in UTC without fractions, an empty optional as null; bytes, large
 * uints, keys that are no strings and library types are refused. Objects read as a whole are taken over
 * without a look at their schema. `omit()` inside lists and maps leaves its element or field out.
 */
export function toJson(value: Value): JsonResult {
  try {
    return { ok: true, value: convert(value, 0) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, error: thrown.message };
    throw thrown;
  }
}

function convert(value: Value, depth: number): JsonValue | undefined {
  if (depth > DEEPEST) return refuse('result is nested too deep');
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
  if (value === OMIT) return undefined;
  if (Array.isArray(value)) return convertList(value as readonly Value[], depth);
  if (value instanceof Uint8Array) return refuse(BYTES);
  if (value instanceof CelValue) return convertSpecial(value, depth);
  return convertEntries(
    Object.entries(value).filter((entry): entry is [string, Value] => entry[1] !== undefined),
    depth,
  );
}

const BYTES =
  'unsupported type: bytes value cannot be used directly in a resource template or status field; ' +
  'encode it explicitly, e.g. base64.encode(...)';

function convertSpecial(value: CelValue, depth: number): JsonValue | undefined {
  if (value instanceof CelDouble) return value.value;
  if (value instanceof CelUint) return convertUint(value);
  if (value instanceof CelDuration) return formatDuration(value.nanos);
  if (value instanceof CelTimestamp) return convertTimestamp(value);
  if (value instanceof CelOptional) return value.value === undefined ? null : convert(value.value, depth + 1);
  if (value instanceof ListView) return convertList(value.elements(), depth);
  if (value instanceof MapView) return convert(value.raw(), depth + 1);
  if (value instanceof CelMap) return convertEntries([...value.entries()], depth);
  if (value instanceof CelErrorValue) return refuse('unsupported type: error');
  const json = value instanceof OpaqueValue ? value.toJson() : undefined;
  return json === undefined ? refuse(`unsupported type: ${value.typeName}`) : convert(json, depth + 1);
}

function convertUint({ value }: CelUint): JsonValue {
  if (value > 2n ** 63n - 1n) {
    return refuse(`unsupported type: uint value ${value} overflows int64; convert it explicitly, e.g. string(...)`);
  }
  return value <= 9007199254740991n ? Number(value) : value;
}

/** kro writes the first moment of its calendar as null. */
function convertTimestamp({ seconds, nanos }: CelTimestamp): JsonValue {
  if (seconds === MIN_SECONDS && nanos === 0) return null;
  return formatTimestamp({ seconds, nanos: 0, offsetMinutes: 0 });
}

function convertList(elements: readonly Value[], depth: number): JsonValue {
  const list: JsonValue[] = [];
  for (const element of elements) {
    const converted = convert(element, depth + 1);
    if (converted !== undefined) list.push(converted);
  }
  return list;
}

function convertEntries(entries: readonly (readonly [Value, Value])[], depth: number): JsonValue {
  const object: Record<string, JsonValue> = {};
  for (const [key, entry] of entries) {
    if (typeof key !== 'string') return refuse(`map key must be string, got ${keyTypeName(key)}`);
    const converted = convert(entry, depth + 1);
    if (converted !== undefined) setProperty(object as Record<string, Value>, key, converted as Value);
  }
  return object;
}

function keyTypeName(key: Value): string {
  if (key instanceof CelUint) return 'uint64';
  return key instanceof CelDouble ? 'float64' : goTypeName(key);
}
