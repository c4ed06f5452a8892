import { expect, test } from 'vitest';
import { goJsonSyntaxError } from './json-syntax.ts';

test.each([
  ['{"a": [1, true, null]}', undefined],
  ['', 'unexpected end of JSON input'],
  ['not json', "invalid character 'o' in literal null (expecting 'u')"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{} x', "invalid character 'x' after top-level value"],
])('%j: %s', (text, problem) => expect(goJsonSyntaxError(text)).toBe(problem));
