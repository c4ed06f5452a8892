import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTime } from './time.ts';

test.each([0, 1, -1, 951_782_400_000, 253_402_300_799_999, 253_402_300_800_000, -62_167_219_200_001, 8.64e15])(
  '%d has the string that toISOString returns',
  (milliseconds) => {
    expect(isoTime(milliseconds)).toBe(new Date(milliseconds).toISOString());
  },
);

test('every time has the string that toISOString returns', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      expect(isoTime(date.getTime())).toBe(date.toISOString());
    }),
  );
});

test('a number that is not a time is refused', () => {
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
});
