import { expect, test } from 'vitest';
import { goJsonSyntaxError } from './json-syntax.ts';

test.each([
  ['{"a": [1, true, null]}', undefined],
  ['', 'unexpected end of JSON input'],
  ['not json', "invalid character 'o' in literal null (expecting 'u')"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{"a": {}, "b": [[], {"c": "d"}], "e": -1.5e3} ', undefined],
  ['[]', undefined],
  ['{"a": 1,}', "invalid character '}' looking for beginning of object key string"],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a": [1}', "invalid character '}' after array element"],
  ['{"a": 1]', "invalid character ']' after object key:value pair"],
  ['[] ]', "invalid character ']' after top-level value"],
  ['["a', 'unexpected end of JSON input'],
  [String.raw`["\\", "\u00e9\/\"\n"]`, undefined],
  [String.raw`["a\q"]`, "invalid character 'q' in string escape code"],
  [String.raw`["\u00g0"]`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
  [String.raw`["\u00`, 'unexpected end of JSON input'],
  ['["\\', 'unexpected end of JSON input'],
  [`[${'1'.repeat(500)}]`, undefined],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['-', 'unexpected end of JSON input'],
  ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
  ['[1.e1]', "invalid character 'e' after decimal point in numeric literal"],
  ['1.', 'unexpected end of JSON input'],
  ['[1e]', "invalid character ']' in exponent of numeric literal"],
  ['[1.5E+]', "invalid character ']' in exponent of numeric literal"],
  ['0.5e-', 'unexpected end of JSON input'],
  ['[01]', "invalid character '1' after array element"],
  ['[1.5.2]', "invalid character '.' after array element"],
])('goJsonSyntaxError() of %j is: %s', (text, problem) => expect(goJsonSyntaxError(text)).toBe(problem));

test.each([
  ['[', 10_000, ']', undefined],
  ['[', 10_001, ']', 'exceeded max depth'],
  ['[', 10_000, '', 'unexpected end of JSON input'],
  ['[', 100_000, '', 'exceeded max depth'],
  ['{"a":', 10_000, '', 'unexpected end of JSON input'],
  ['{"a":', 100_000, '', 'exceeded max depth'],
])('%j repeated %d times, and then %j repeated as often, has the problem: %s', (opening, times, closing, problem) =>
  expect(goJsonSyntaxError(opening.repeat(times) + closing.repeat(times))).toBe(problem),
);
