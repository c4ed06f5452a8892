import { expect, test } from 'vitest';
import { quoteForAuthor, quoteJs } from './syntax.ts';

test.each([
  ['a', `"a"`, `'a'`],
  [`it's`, `"it's"`, `"it's"`],
  ['"a"', String.raw`"\"a\""`, `'"a"'`],
  [`'"`, String.raw`"'\""`, String.raw`'\'"'`],
  ['a\\"b', String.raw`"a\\\"b"`, String.raw`'a\\"b'`],
  ['a\n', String.raw`"a\n"`, String.raw`'a\n'`],
  ['\u2028', String.raw`"\u2028"`, String.raw`'\u2028'`],
  ['`${a}`', '"`${a}`"', "'`${a}`'"],
])('%j is quoted %s in generated code, and %s for an author', (text, generated, written) => {
  expect([quoteJs(text), quoteForAuthor(text)]).toEqual([generated, written]);
  for (const literal of [generated, written]) expect(new Function(`return ${literal}`)()).toBe(text);
});
