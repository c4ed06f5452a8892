import type { CallContext, FunctionDeclaration, Library, Overload } from '../library.ts';
import {
  goParseDuration,
  goParseUint,
  formatSeconds,
  Failure,
  formatGeneral,
  parseFloat64,
  parseBool,
  parseInt64,
} from '@typekro/kit/golang';
import { MAX_SECONDS, MIN_SECONDS, formatTimestamp, parseTimestamp } from '../lib/timestamp.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';
import { type CelType, BOOL, BYTES, DOUBLE, DURATION, INT, STRING, TIMESTAMP, UINT } from '../types.ts';
import { type Int, type Value, CelDuration, CelTimestamp, CelUint, fail, checkedInt, toUint } from '../values.ts';

function overload(id: string, from: CelType, to: CelType, call: Overload['call']): Overload {
  const convert = call as (value: Value, context: CallContext) => Value;
  const work = (to === STRING && WITH_FORMAT.has(from)) || (from === STRING && WITH_FORMAT.has(to)) ? FORMAT_WORK : 0;
  const isText = from === STRING || from === BYTES;
  if (!isText && work === 0) return { id, params: [from], result: to, call };
  return {
    id,
    params: [from],
    result: to,
    call: (value: Value, context: CallContext) => {
      const { length } = isText ? (value as Uint8Array | string) : '';
      if (length > 64) context.charge(length);
      context.work(work);
      return convert(value, context);
    },
  };
}

/** Types whose strings have a notation of their own, which takes longer to read and write than digits. */
const WITH_FORMAT: ReadonlySet<CelType> = new Set([DOUBLE, DURATION, TIMESTAMP]);
const FORMAT_WORK = 4;

const same = (value: Value) => value;

/** Throws the error for a string that is not a value of the type. */
function notConvertible(to: CelType): never {
  return fail(`type conversion error from 'string' to '${to.name}'`);
}

function stringToBool(text: string): boolean {
  return parseBool(text) ?? notConvertible(BOOL);
}

function stringToInt(text: string): Int {
  const value = parseInt64(text);
  return typeof value === 'bigint' ? checkedInt(value) : notConvertible(INT);
}

function stringToUint(text: string): CelUint {
  const parsed = goParseUint(text);
  return parsed.ok ? new CelUint(parsed.value) : notConvertible(UINT);
}

function stringToDouble(text: string): number {
  const value = parseFloat64(text);
  return typeof value === 'number' ? value : notConvertible(DOUBLE);
}

function doubleToInt(value: number): Int {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) return fail('integer overflow');
  return checkedInt(BigInt(Math.trunc(value)));
}

function doubleToUint(value: number): CelUint {
  if (!(value >= 0 && value < 2 ** 64)) return fail('unsigned integer overflow');
  return toUint(BigInt(Math.trunc(value)));
}

function intToTimestamp(seconds: Int): CelTimestamp {
  const number = Number(seconds);
  return number < MIN_SECONDS || number > MAX_SECONDS ? fail('timestamp overflow') : new CelTimestamp(number, 0);
}

function stringToTimestamp(text: string): CelTimestamp {
  const time = parseTimestamp(text);
  return time instanceof Failure ? fail(time.message) : new CelTimestamp(time.seconds, time.nanos, time.offsetMinutes);
}

function stringToDuration(text: string): CelDuration {
  const nanos = goParseDuration(text);
  return nanos === undefined ? notConvertible(DURATION) : new CelDuration(nanos);
}

function bytesToString(bytes: Uint8Array): string {
  return utf8Decode(bytes) ?? fail('invalid UTF-8 in bytes, cannot convert to string');
}

function conversion(name: string, overloads: readonly Overload[]): FunctionDeclaration {
  return { name, overloads };
}

/** Conversions between types: `int(x)`, `string(x)` and so on. */
export const conversions: Library = {
  name: 'stdlib.conversions',
  functions: [
    conversion('bool', [
      overload('bool_to_bool', BOOL, BOOL, same),
      overload('string_to_bool', STRING, BOOL, stringToBool),
    ]),
    conversion('bytes', [
      overload('bytes_to_bytes', BYTES, BYTES, same),
      overload('string_to_bytes', STRING, BYTES, (text: string) => utf8Encode(text)),
    ]),
    conversion('double', [
      overload('double_to_double', DOUBLE, DOUBLE, same),
      overload('int64_to_double', INT, DOUBLE, (value: Int) => Number(value)),
      overload('string_to_double', STRING, DOUBLE, stringToDouble),
      overload('uint64_to_double', UINT, DOUBLE, ({ value }: CelUint) => Number(value)),
    ]),
    conversion('duration', [
      overload('duration_to_duration', DURATION, DURATION, same),
      overload('string_to_duration', STRING, DURATION, stringToDuration),
    ]),
    conversion('int', [
      overload('int64_to_int64', INT, INT, same),
      overload('double_to_int64', DOUBLE, INT, doubleToInt),
      overload('duration_to_int64', DURATION, INT, ({ nanos }: CelDuration) => checkedInt(nanos)),
      overload('string_to_int64', STRING, INT, stringToInt),
      overload('timestamp_to_int64', TIMESTAMP, INT, ({ seconds }: CelTimestamp) => seconds),
      overload('uint64_to_int64', UINT, INT, ({ value }: CelUint) => checkedInt(value)),
    ]),
    conversion('string', [
      overload('string_to_string', STRING, STRING, same),
      overload('bool_to_string', BOOL, STRING, (value: boolean) => String(value)),
      overload('bytes_to_string', BYTES, STRING, bytesToString),
      overload('double_to_string', DOUBLE, STRING, (value: number) => formatGeneral(value)),
      overload('duration_to_string', DURATION, STRING, ({ nanos }: CelDuration) => formatSeconds(nanos)),
      overload('int64_to_string', INT, STRING, (value: Int) => String(value)),
      overload('timestamp_to_string', TIMESTAMP, STRING, (time: CelTimestamp) => formatTimestamp(time)),
      overload('uint64_to_string', UINT, STRING, ({ value }: CelUint) => String(value)),
    ]),
    conversion('timestamp', [
      overload('timestamp_to_timestamp', TIMESTAMP, TIMESTAMP, same),
      overload('int64_to_timestamp', INT, TIMESTAMP, intToTimestamp),
      overload('string_to_timestamp', STRING, TIMESTAMP, stringToTimestamp),
    ]),
    conversion('uint', [
      overload('uint64_to_uint64', UINT, UINT, same),
      overload('double_to_uint64', DOUBLE, UINT, doubleToUint),
      overload('int64_to_uint64', INT, UINT, (value: Int) => toUint(BigInt(value))),
      overload('string_to_uint64', STRING, UINT, stringToUint),
    ]),
  ],
};
