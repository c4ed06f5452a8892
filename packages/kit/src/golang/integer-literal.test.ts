import { expect, test } from 'vitest';
import { parseIntegerLiteral } from './parse.ts';

test.each<[string, bigint | undefined]>([
  ['0', 0n],
  ['-0', 0n],
  ['7', 7n],
  ['+7', 7n],
  ['-12', -12n],
  ['010', 8n],
  ['-010', -8n],
  ['00', 0n],
  ['0o17', 15n],
  ['0O17', 15n],
  ['0x1F', 31n],
  ['-0X1f', -31n],
  ['0b101', 5n],
  ['18446744073709551616', 18446744073709551616n],
  [`0x${'0'.repeat(77)}1`, 1n],
  [`0x${'0'.repeat(78)}1`, undefined],
  ['0'.repeat(79), 0n],
  ['0'.repeat(80), undefined],
  ['08', undefined],
  ['0x', undefined],
  ['0b2', undefined],
  ['1_000', undefined],
  ['1.0', undefined],
  ['', undefined],
  ['+', undefined],
  [' 1', undefined],
])('parseIntegerLiteral(%j) returns %s', (text, value) => {
  expect(parseIntegerLiteral(text)).toBe(value);
});
