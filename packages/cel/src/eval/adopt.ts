import { decodeBase64 } from '../lib/base64.ts';
import { Failure, formatGeneral, goTypeOf } from '@typekro/kit/golang';
import type { DataShape } from '../shape.ts';
import { type Value, CelDuration, CelTimestamp, CelValue, checkedInt, fail } from '../values.ts';
import { parseDate, parseDateTime, parseSpan } from './string-formats.ts';
import type { JsonValue } from '@typekro/kit/core';

/**
 * Reads one piece of foreign data by its shape. A scalar becomes a value (a double stays a plain number). For an
 * object, map or list, only the kind is checked, and the data itself is returned. Its parts are read and checked when
 * the expression selects them.
 *
 * @throws EvalFailure when the data does not have the shape
 */
export function adopt(data: unknown, shape: DataShape): unknown {
  if (data === null || data === undefined) {
    if (shape.kind === 'any' || shape.nullable) return null;
    return fail('invalid data, got null for schema with nullable=false');
  }
  switch (shape.kind) {
    case 'string':
      return typeof data === 'string' ? data : wrong('string', data);
    case 'int':
      return adoptInt(data);
    case 'double':
      if (typeof data === 'number') return data;
      return typeof data === 'bigint' ? Number(data) : wrong('float', data);
    case 'bool':
      return typeof data === 'boolean' ? data : wrong('bool', data);
    case 'free-object':
    case 'object':
    case 'map':
      if (isDataObject(data)) return data;
      return fail('invalid data, expected a map for the provided schema with type=object');
    case 'list':
      if (Array.isArray(data)) return data;
      return fail('invalid data, expected an array for the provided schema with type=array');
    case 'int-or-string':
      if (typeof data === 'string' || typeof data === 'bigint' || Number.isSafeInteger(data)) return data;
      return fail('invalid data, expected XIntOrString value to be either a string or integer');
    case 'any':
      return adoptAny(data);
    case 'none':
      return fail(NO_TYPE);
    default:
      return typeof data === 'string' ? adoptText(data, shape) : wrong('string', data);
  }
}

const NO_TYPE =
  'invalid type, expected object, array, number, integer, boolean or string, or no type with ' +
  'x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ';

function wrong(expected: string, data: unknown): never {
  return fail(`invalid data, expected ${expected}, got ${goTypeName(data)}`);
}

function adoptInt(data: unknown): number | bigint {
  if (typeof data !== 'number' && typeof data !== 'bigint') return wrong('int', data);
  if (Number.isSafeInteger(data)) return data;
  // A whole float is also an int. Go reads an integer beyond int64 as a float.
  const isWhole = typeof data === 'bigint' || Number.isInteger(data);
  if (isWhole && data >= -(2 ** 63) && data < 2 ** 63) return checkedInt(BigInt(data));
  return fail(`invalid data, expected int, got non-integer float ${formatGeneral(Number(data))}`);
}

/** Is this data a JSON object? The result is also true for null, so callers must test for null first. */
export function isDataObject(data: unknown): boolean {
  return (
    typeof data === 'object' && !Array.isArray(data) && !(data instanceof CelValue) && !(data instanceof Uint8Array)
  );
}

/** Converts data without a schema to a value. `undefined` becomes null. A function or a symbol is an error. */
export function adoptAny(data: unknown): Value {
  switch (typeof data) {
    case 'undefined':
      return null;
    case 'function':
    case 'symbol':
      return fail(`unsupported type: ${typeof data}`);
    default:
      return data as Value;
  }
}

function adoptText(text: string, { kind }: DataShape): Value {
  switch (kind) {
    case 'bytes': {
      const bytes = decodeBase64(text);
      return bytes instanceof Failure ? fail(`Invalid byte formatted string ${text}: ${bytes.message}`) : bytes;
    }
    case 'date': {
      const seconds = parseDate(text);
      if (typeof seconds === 'number') return new CelTimestamp(seconds, 0);
      return fail(`Invalid date formatted string ${text}: ${seconds.message}`);
    }
    case 'date-time': {
      const time = parseDateTime(text);
      if (time instanceof Failure) return fail(`Invalid date-time formatted string ${text}: ${time.message}`);
      return new CelTimestamp(time.seconds, time.nanos, time.offsetMinutes);
    }
    default: {
      const nanos = parseSpan(text);
      return typeof nanos === 'bigint' ? new CelDuration(nanos) : fail(`Invalid duration ${text}: ${nanos.message}`);
    }
  }
}

/**
 * The type name of data in kro's messages. For JSON data, this is the Go type into which kro decodes the data. For a
 * CEL value, it is the CEL type.
 */
export function goTypeName(data: unknown): string {
  if (data instanceof Uint8Array) return '[]uint8';
  return data instanceof CelValue ? data.typeName : goTypeOf(data as JsonValue | undefined);
}
