import fc from 'fast-check';
import { expect, test } from 'vitest';
import { age, duration } from './age.ts';

const NOW = Date.parse('2026-01-01T00:00:10Z');

test.each([
  ['2026-01-01T00:00:05Z', '5s'],
  ['2026-01-01T00:00:11.999Z', '0s'],
  ['2026-01-01T00:00:12Z', '<invalid>'],
  ['yesterday', '<invalid>'],
  ['2026-01-01', '<invalid>'],
  ['2026', '<invalid>'],
  ['0001-01-01T00:00:00Z', '<unknown>'],
  ['', '<unknown>'],
])('the age since %j is %s, as in the output of kubectl', (start, expected) => {
  expect(age(start, NOW)).toBe(expected);
});

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, y: 365 * 86_400 } as const;
type Unit = keyof typeof UNITS;

/** From how many seconds on a span is printed in which units, in descending order: `HumanDuration` of apimachinery. */
const RANGES: readonly [from: number, big: Unit, small?: Unit][] = [
  [8 * UNITS.y, 'y'],
  [2 * UNITS.y, 'y', 'd'],
  [8 * UNITS.d, 'd'],
  [2 * UNITS.d, 'd', 'h'],
  [8 * UNITS.h, 'h'],
  [3 * UNITS.h, 'h', 'm'],
  [10 * UNITS.m, 'm'],
  [2 * UNITS.m, 'm', 's'],
  [0, 's'],
];

function expectedText(seconds: number): string {
  const [, big = 's', small] = RANGES.find(([from]) => seconds >= from) ?? [];
  const rest = small === undefined ? 0 : Math.floor((seconds % UNITS[big]) / UNITS[small]);
  return `${Math.floor(seconds / UNITS[big])}${big}${rest === 0 ? '' : `${rest}${small}`}`;
}

test('every span has the units of its range, also around the limits of the ranges', () => {
  const around = fc
    .tuple(fc.constantFrom(...RANGES), fc.integer({ min: -70, max: 70 }))
    .map(([[from], offset]) => Math.max(0, from + offset));
  const anywhere = fc.integer({ min: 0, max: 12 * UNITS.y });
  fc.assert(
    fc.property(fc.oneof(around, anywhere), fc.integer({ min: 0, max: 999 }), (seconds, milliseconds) => {
      expect(duration(seconds * 1000 + milliseconds)).toBe(expectedText(seconds));
    }),
    { numRuns: 2000, examples: RANGES.map(([from]) => [from, 0]) },
  );
});
