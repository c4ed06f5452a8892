import type { CallContext } from '../library.ts';
import { goFormatDuration, formatGeneral, formatJsonNumber, goQuoteJson, compareText } from '@typekro/kit/golang';
import * as cel from '../values.ts';
import { encodeBase64 } from './base64.ts';
import { formatTimestamp, MIN_SECONDS } from './timestamp.ts';

/** The maximum depth of a value, equal to that of the embedded cluster. It limits the recursion. */
const MAX_DEPTH = 1_000;

const CONVERT = 'json.marshal failed to convert value: ';
const ENCODE = 'json.marshal failed to encode value: ';

/**
 * kro's `json.marshal`: compact, keys sorted, bytes as base64, timestamps with whole seconds, durations in Go's form,
 * an empty optional as null. If both the conversion and the encoding fail, the error is that of the conversion.
 */
export function marshalJson(value: cel.Value, context: CallContext): string {
  const state: State = { context, unsupported: undefined };
  const text = write(value, state, 0);
  return state.unsupported === undefined ? text : cel.fail(`${ENCODE}json: unsupported value: ${state.unsupported}`);
}

interface State {
  readonly context: CallContext;
  /** The first number that JSON cannot represent. */
  unsupported: string | undefined;
}

function write(value: cel.Value, state: State, depth: number): string {
  const text = writeAny(value, state, depth);
  state.context.charge(text.length < 16 ? 1 : text.length >> 3);
  return text;
}

function writeAny(value: cel.Value, state: State, depth: number): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return goQuoteJson(value);
    case 'number':
      return Number.isSafeInteger(value) ? String(Object.is(value, -0) ? 0 : BigInt(value)) : writeDouble(value, state);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
  }
  if (depth > MAX_DEPTH) return cel.fail(`${CONVERT}value nests too deeply`);
  if (value instanceof cel.CelValue) return writeCelValue(value, state, depth);
  if (value instanceof Uint8Array) return `"${encodeBase64(value)}"`;
  const elements = cel.elementsOf(value);
  return elements ? writeList(elements, state, depth) : writeMap(cel.entriesOf(value) ?? [], state, depth);
}

function writeDouble(value: number, state: State): string {
  if (!Number.isFinite(value)) state.unsupported ??= formatGeneral(value);
  return formatJsonNumber(value);
}

function writeCelValue(value: cel.CelValue, state: State, depth: number): string {
  if (value instanceof cel.CelDouble) return writeDouble(value.value, state);
  if (value instanceof cel.CelUint) return String(value.value);
  if (value instanceof cel.CelDuration) return goQuoteJson(goFormatDuration(value.nanos));
  if (value instanceof cel.CelTimestamp) {
    // Kubernetes' time type writes Go's zero time as null.
    const isZero = value.seconds === MIN_SECONDS && value.nanos === 0;
    return isZero ? 'null' : goQuoteJson(formatTimestamp({ seconds: value.seconds, nanos: 0, offsetMinutes: 0 }));
  }
  if (value instanceof cel.CelOptional)
    return value.value === undefined ? 'null' : write(value.value, state, depth + 1);
  if (value instanceof cel.MapView) return writeMap(cel.entriesOf(value.raw()) ?? [], state, depth);
  const elements = cel.elementsOf(value);
  if (elements) return writeList(elements, state, depth);
  if (value instanceof cel.CelMap) return writeMap([...value.entries()], state, depth);
  // For Go's encoder the sentinel of omit() is an empty struct.
  if (value instanceof cel.OpaqueValue && value.typeName === 'kro.omit') return '{}';
  return cel.fail(`${CONVERT}unsupported type: ${value.typeName}`);
}

function writeList(elements: readonly cel.Value[], state: State, depth: number): string {
  return `[${elements.map((element) => write(element, state, depth + 1)).join(',')}]`;
}

/** Maps the CEL type of a key to its Go type. */
const GO_TYPES: Readonly<Record<string, string>> = { int: 'int64', uint: 'uint64', double: 'float64', bool: 'bool' };

/** The work for the order of an entry, in addition to the cost of its value. */
const SORTED_ENTRY_WORK = 4;

function writeMap(entries: readonly (readonly [cel.Value, cel.Value])[], state: State, depth: number): string {
  const texts: { readonly key: string; readonly value: string }[] = [];
  state.context.work(SORTED_ENTRY_WORK * entries.length);
  for (const [key, value] of entries) {
    if (typeof key !== 'string') {
      const typeName = cel.typeNameOf(key);
      return cel.fail(`${CONVERT}map key must be string, got ${GO_TYPES[typeName] ?? typeName}`);
    }
    texts.push({ key, value: write(value, state, depth + 1) });
  }
  texts.sort((a, b) => compareText(a.key, b.key));
  return `{${texts.map(({ key, value }) => `${goQuoteJson(key)}:${value}`).join(',')}}`;
}
