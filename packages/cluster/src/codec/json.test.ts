import { expect, test } from 'vitest';
import { duplicateFields, hasDuplicateFields, JsonSyntaxError, parseStrictJson } from './json.ts';

test.each([
  ['{"a":1,"b":{"a":2}}', []],
  ['{"a":1,"a":1,"a":2}', ['a']],
  ['{"a":[{"b":1,"b":2},{"b":3,"b":3}],"a":[]}', ['a[0].b', 'a[1].b', 'a']],
])('duplicateFields finds the repeated members of %s', (text, paths) => {
  const value = parseStrictJson(text);
  expect(duplicateFields(text, value)).toEqual(paths);
  expect(hasDuplicateFields(text, value)).toBe(paths.length > 0);
});

test('duplicateFields returns only the first hundred repeated members', () => {
  const names = Array.from({ length: 200 }, (_, index) => `a${index}`);
  const text = `{${names.flatMap((name) => [`"${name}":1`, `"${name}":1`]).join(',')}}`;
  expect(duplicateFields(text, parseStrictJson(text))).toEqual(names.slice(0, 100));
});

test.each([
  [String.raw`{"a":"\ud800"}`, { a: '\ufffd' }],
  [String.raw`["\udC00x\uD83d\uDe00\uD83d\uD83d\ude00\\ud800"]`, ['\ufffdx😀\ufffd😀\\ud800']],
  [String.raw`{"\udfff\u0041":"\ud800\n\u00e9"}`, { '\ufffdA': '\ufffd\né' }],
])('a surrogate without its pair in %s becomes U+FFFD', (text, value) => {
  expect(parseStrictJson(text)).toEqual(value);
});

test('JSON that begins with a byte order mark is refused', () => {
  const message = "invalid character 'ï' looking for beginning of value";
  expect(() => parseStrictJson('\ufeff{}')).toThrow(new JsonSyntaxError(message));
});
