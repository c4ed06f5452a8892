import { goParseDurationMs, parseBool, parseFloat64, parseIntegerLiteral } from '@typekro/kit/golang';

/** The type of a flag's value. */
export type FlagType = 'boolean' | 'integer' | 'number' | 'duration' | 'text';

/**
 * Parses the value of a flag; a duration becomes milliseconds. Returns `undefined` for a string that is not a value of
 * the type.
 */
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
 * Parses an integer as flags of Go programs do (`parseIntegerLiteral`), but without `_` between digits. Returns
 * `undefined` for a string that is not such an integer, and for an integer that JavaScript cannot represent exactly.
 */
export function readInteger(text: string): number | undefined {
  if (text.length > MAX_INTEGER_LENGTH) return undefined;
  const value = Number(parseIntegerLiteral(text) ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A safe integer never has more characters, even in binary with a sign and a prefix, unless it has leading zeros. */
const MAX_INTEGER_LENGTH = 64;
