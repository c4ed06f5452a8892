import { expect, test } from 'vitest';
import { goJson, goQuoteJson } from './json.ts';

test('goJson sorts members and escapes HTML', () => {
  expect(goJson({ b: '<&>', a: [1n, null, 1.5] })).toBe('{"a":[1,null,1.5],"b":"\\u003c\\u0026\\u003e"}');
});

test('goJson sorts members as Go does, by bytes of UTF-8', () => {
  expect(goJson({ '\u{1f642}': 1, '\uffff': 2 })).toBe('{"\uffff":2,"\u{1f642}":1}');
});

test('goQuoteJson writes half a surrogate pair as U+FFFD', () => {
  expect(goQuoteJson('\ud800<')).toBe('"\\ufffd\\u003c"');
});
