import type { CallContext } from '../library.ts';
import { formatSeconds, formatGeneral, formatJsonNumber, goQuoteJson, compareText } from '@typekro/kit/golang';
import * as cel from '../values.ts';
import { encodeBase64 } from './base64.ts';
import { formatTimestamp } from './timestamp.ts';

const MAX_DEPTH = 1_000;
const MAX_SAFE = 9007199254740991n;

/**
 * cel-go's `json.encode`: JSON by the rules of protobuf. Integers beyond ±(2⁵³−1) become strings, durations have the
 * form `90s`, and timestamps keep their offset.
 */
export function encodeJson(value: cel.Value, context: CallContext, depth = 0): string {
  const text = encode(value, context, depth);
  context.charge(text.length < 16 ? 1 : text.length >> 3);
  return text;
}

function encode(value: cel.Value, context: CallContext, depth: number): string {
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
  if (value instanceof cel.CelDouble) return encodeDouble(value.value);
  if (value instanceof cel.CelUint) return value.value > MAX_SAFE ? `"${value.value}"` : String(value.value);
  if (value instanceof cel.CelDuration) return goQuoteJson(formatSeconds(value.nanos));
  if (value instanceof cel.CelTimestamp) return goQuoteJson(formatTimestamp(value));
  if (value instanceof Uint8Array) return `"${encodeBase64(value)}"`;
  if (value instanceof cel.CelOptional) {
    return value.value === undefined
      ? cel.fail('optional.none() dereference')
      : encodeJson(value.value, context, depth + 1);
  }
  if (depth > MAX_DEPTH) return cel.fail('value nests too deeply');
  const elements = cel.elementsOf(value);
  if (elements) return `[${elements.map((element) => encodeJson(element, context, depth + 1)).join(',')}]`;
  const entries = cel.entriesOf(value);
  return entries ? encodeMap(entries, context, depth) : refuse(cel.typeNameOf(value));
}

function encodeDouble(value: number): string {
  if (Number.isFinite(value)) return formatJsonNumber(value);
  return cel.fail(`proto: google.protobuf.Value.number_value: invalid ${formatGeneral(value)} value`);
}

function encodeMap(entries: readonly (readonly [cel.Value, cel.Value])[], context: CallContext, depth: number): string {
  const texts = entries.map(([key, value]) => ({
    key: typeof key === 'string' ? key : refuseKey(cel.typeNameOf(key)),
    value: encodeJson(value, context, depth + 1),
  }));
  texts.sort((a, b) => compareText(a.key, b.key));
  return `{${texts.map(({ key, value }) => `${goQuoteJson(key)}:${value}`).join(',')}}`;
}

function refuseKey(typeName: string): never {
  if (typeName === 'bool') return cel.fail("type conversion error from bool to 'string'");
  if (typeName === 'double') return cel.fail("type conversion error from Double to 'string'");
  return cel.fail(`unsupported type conversion from '${typeName}' to string`);
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
  if (typeName === 'type') return cel.fail("type conversion not supported for 'type'");
  if (typeName === 'kro.omit') return cel.fail('unsupported native conversion from omit to *structpb.Value');
  if (typeName === 'kro.run.Condition')
    return cel.fail('type conversion error from kro.run.Condition to *structpb.Value');
  if (typeName === 'kro.run.Runtime') return cel.fail('type conversion not supported for kro.run.Runtime');
  return cel.fail(`type conversion error from '${SHORT_NAMES[typeName] ?? typeName}' to '*structpb.Value'`);
}
