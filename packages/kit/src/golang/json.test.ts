import { expect, test } from 'vitest';
import { goJson, goJsonProblem, goQuoteJson, goQuoteJsonByte } from './json.ts';

test('goJson sorts members and escapes HTML', () => {
  expect(goJson({ b: '<&>', a: [1n, null, 1.5] })).toBe('{"a":[1,null,1.5],"b":"\\u003c\\u0026\\u003e"}');
});

test('goJson sorts members as Go does, by bytes of UTF-8', () => {
  expect(goJson({ '\u{1f642}': 1, '\uffff': 2 })).toBe('{"\uffff":2,"\u{1f642}":1}');
});

test.each([
  [{ a: [1.5, -Infinity, Infinity] }, 'json: unsupported value: -Inf'],
  [[{}, { b: Number.NaN }], 'json: unsupported value: NaN'],
  [Infinity, 'json: unsupported value: +Inf'],
  [{ a: [1.7976931348623157e308, 10n ** 400n, 'NaN', null, true] }, undefined],
])('the problem of %o for an encoder is %s', (value, problem) => expect(goJsonProblem(value)).toBe(problem));

test('goQuoteJson writes an unpaired surrogate as U+FFFD', () => {
  expect(goQuoteJson('\ud800<')).toBe('"\\ufffd\\u003c"');
});

test.each([
  ["'", `'\\''`],
  ['"', `'"'`],
  ['\\', `'\\\\'`],
  ['\u0000', `'\\x00'`],
  ['\n', `'\\n'`],
  ['\v', `'\\v'`],
  ['A', `'A'`],
  ['é', `'Ã'`],
  ['☃', `'â'`],
  ['\u{10ffff}', `'ô'`],
])('goQuoteJsonByte(%j) is %s', (text, shown) => {
  expect(goQuoteJsonByte(`x${text}`, 1)).toBe(shown);
});
