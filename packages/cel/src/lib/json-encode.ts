import type { CallContext } from '../library.ts';
import { formatSeconds, formatGeneral, formatJsonNumber, goQuoteJson, compareText } from '@typekro/kit/golang';
import {
  CelDouble,
  CelDuration,
  CelOptional,
  CelTimestamp,
  CelUint,
  elementsOf,
  entriesOf,
  fail,
  typeNameOf,
  type Value,
} from '../values.ts';
import { encodeBase64 } from './base64.ts';
import { formatTimestamp } from './timestamp.ts';

const MAX_DEPTH = 1_000;
const MAX_SAFE = 9007199254740991n;

/**
 * cel-go's `json.encode`: JSON by the rules of protobuf. Integers beyond ±(2⁵³−1) become strings, durations have the
 * form `90s`, and timestamps keep their offset.
 */
export function encodeJson(value: Value, context: CallContext, depth = 0): string {
  const text = encode(value, context, depth);
  context.charge(text.length < 16 ? 1 : text.length >> 3);
  return text;
}

function encode(value: Value, context: CallContext, depth: number): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return goQuoteJson(value);
    case 'boolean':
      return String(value);
    case 'bigint':
      return `"${value}"`;
    case 'number':
      return Number.isSafeInteger(value) ? String(BigInt(value)) : encodeDouble(value);
    default:
  }
  if (value instanceof CelDouble) return encodeDouble(value.value);
  if (value instanceof CelUint) return value.value > MAX_SAFE ? `"${value.value}"` : String(value.value);
  if (value instanceof CelDuration) return goQuoteJson(formatSeconds(value.nanos));
  if (value instanceof CelTimestamp) return goQuoteJson(formatTimestamp(value));
  if (value instanceof Uint8Array) return `"${encodeBase64(value)}"`;
  if (value instanceof CelOptional) {
    return value.value === undefined
      ? fail('optional.none() dereference')
      : encodeJson(value.value, context, depth + 1);
  }
  if (depth > MAX_DEPTH) return fail('value nests too deeply');
  const elements = elementsOf(value);
  if (elements) return `[${elements.map((element) => encodeJson(element, context, depth + 1)).join(',')}]`;
  const entries = entriesOf(value);
  return entries ? encodeMap(entries, context, depth) : refuse(typeNameOf(value));
}

function encodeDouble(value: number): string {
  if (Number.isFinite(value)) return formatJsonNumber(value);
  return fail(`proto: google.protobuf.Value.number_value: invalid ${formatGeneral(value)} value`);
}

function encodeMap(entries: readonly (readonly [Value, Value])[], context: CallContext, depth: number): string {
  const texts = entries.map(([key, value]) => ({
    key: typeof key === 'string' ? key : refuseKey(typeNameOf(key)),
    value: encodeJson(value, context, depth + 1),
  }));
  texts.sort((a, b) => compareText(a.key, b.key));
  return `{${texts.map(({ key, value }) => `${goQuoteJson(key)}:${value}`).join(',')}}`;
}

function refuseKey(typeName: string): never {
  if (typeName === 'bool') return fail("type conversion error from bool to 'string'");
  if (typeName === 'double') return fail("type conversion error from Double to 'string'");
  return fail(`unsupported type conversion from '${typeName}' to string`);
}

/** Maps a library type to its name in the error for values that protobuf cannot represent. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  'kubernetes.Quantity': 'Quantity',
  'kubernetes.URL': 'URL',
  'kubernetes.Semver': 'Semver',
  'net.IP': 'IP',
  'net.CIDR': 'CIDR',
};

function refuse(typeName: string): never {
  if (typeName === 'type') return fail("type conversion not supported for 'type'");
  if (typeName === 'kro.omit') return fail('unsupported native conversion from omit to *structpb.Value');
  if (typeName === 'kro.run.Condition') return fail('type conversion error from kro.run.Condition to *structpb.Value');
  if (typeName === 'kro.run.Runtime') return fail('type conversion not supported for kro.run.Runtime');
  return fail(`type conversion error from '${SHORT_NAMES[typeName] ?? typeName}' to '*structpb.Value'`);
}
