/**
 * The maximum number of characters of a literal without its sign. A 64-bit integer has fewer characters in every base,
 * unless it has leading zeros.
 */
const MAX_LENGTH = 80;

/**
 * Parses a Go integer literal with an optional sign: `010` and `0o10` are octal, `0x10` is hexadecimal, and `0b10` is
 * binary. Undefined for any other string, and for `_` between digits.
 */
export function parseIntegerLiteral(text: string): bigint | undefined {
  const match = /^([+-]?)(?:(0x[\da-f]+|0o[0-7]+|0b[01]+|0|[1-9]\d*)|0([0-7]+))$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, plain, octal = ''] = match;
  const literal = plain ?? `0o${octal}`;
  if (literal.length > MAX_LENGTH) return undefined;
  const size = BigInt(literal);
  return sign === '-' ? -size : size;
}
