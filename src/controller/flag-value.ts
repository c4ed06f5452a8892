import { goParseDurationMs, parseBool, parseFloat64 } from '../golang/index.ts';

/** The type of a flag's value. */
export type FlagType = 'boolean' | 'integer' | 'number' | 'duration' | 'text';

/** The value of a flag: milliseconds for a duration. `undefined` for a text that is no value of the type. */
export function readFlagValue(type: FlagType, text: string): boolean | number | string | undefined {
  switch (type) {
    case 'boolean':
      return parseBool(text);
    case 'integer':
      return readInteger(text);
    case 'number': {
      const value = parseFloat64(text);
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    }
    case 'duration':
      return goParseDurationMs(text);
    default:
      return text;
  }
}

/**
 * An integer as flags of Go programs take it: `010` and `0o10` are octal, `0x10` is hexadecimal, `0b10` is binary.
 * `undefined` for any other text, for `_` between digits, which Go takes, and for an integer that JavaScript cannot
 * represent exactly.
 */
export function readInteger(text: string): number | undefined {
  const match = /^([+-]?)(0x[\da-f]+|0b[01]+|0o?[0-7]+|0|[1-9]\d*)$/i.exec(text);
  if (match === null || text.length > MAX_INTEGER_LENGTH) return undefined;
  const [, sign, digits = ''] = match;
  const value = Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return sign === '-' && value !== 0 ? -value : value;
}

/** No safe integer has more characters, in binary with a sign and a prefix, except for leading zeros. */
const MAX_INTEGER_LENGTH = 64;
