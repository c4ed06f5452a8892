import { expect, test } from 'vitest';
import { refuseWithoutProvider, isNativeText } from './text-source.ts';

test.each<[string, unknown, boolean]>([
  ['a native function', Math.max, true],
  ['a bound function', Math.max.bind(Math), true],
  ['a function that is not native', () => 1, false],
  [
    'a function that is not native and ends with the comment [native code]',
    () => {
      // [native code]
    },
    false,
  ],
])('the text shows whether a function is native: %s', (_title, fn, expected) => {
  expect(isNativeText(Function.prototype.toString.call(fn))).toBe(expected);
});

test('without a provider, the refusal names eight of nine outer variables, and its remedy names all', () => {
  const [a, b, c, d, e, f, g, h, i] = Array.from({ length: 9 }, (_, index) => index);
  expect(() => refuseWithoutProvider(() => [a, b, c, d, e, f, g, h, i], undefined)).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('(a, b, c, d, e, f, g, h and 1 more)') as string,
      hint: expect.stringContaining('{ scope: () => ({ a, b, c, d, e, f, g, h, i }) }') as string,
    }) as Error,
  );
});
