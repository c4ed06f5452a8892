import { describe, expect, test } from 'vitest';
import { CelDouble } from '../values.ts';
import { Failure } from '@typekro/kit/golang';
import { marshalJson } from './json-marshal.ts';
import { parseGoJson } from './json-parse.ts';

const context = { charge: () => undefined, work: () => undefined, now: 0 };

describe('JSON as Go reads it', () => {
  test('numbers become doubles, the last of equal keys wins, __proto__ is an ordinary key', () => {
    expect(parseGoJson('1')).toEqual(new CelDouble(1));
    const value = parseGoJson('{"a":1,"a":2.5,"__proto__":{"x":"y"}}');
    expect(value instanceof Failure ? value.message : marshalJson(value, context)).toBe(
      '{"__proto__":{"x":"y"},"a":2.5}',
    );
  });

  test.each([
    ['', 'unexpected end of JSON input'],
    ['[1,', 'unexpected end of JSON input'],
    ['tru', "invalid character ' ' in literal true (expecting 'e')"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['01', "invalid character '1' after top-level value"],
    ['1.', "invalid character ' ' after decimal point in numeric literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1e+]', "invalid character ']' in exponent of numeric literal"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['{1:2}', "invalid character '1' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ["'x'", "invalid character '\\'' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['[1e400, "x"]', 'json: cannot unmarshal number 1e400 into Go value of type float64'],
    ['['.repeat(10_001), 'exceeded max depth'],
  ])('%.20j is refused', (text, message) => {
    expect(parseGoJson(text)).toEqual(new Failure(message));
  });

  test('an unpaired surrogate becomes the replacement character', () => {
    expect(parseGoJson('"\\ud83dx \\ud83d\\ude42"')).toBe('\ufffdx 🙂');
  });
});
