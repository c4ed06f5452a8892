import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { JsonObject } from '../core/index.ts';
import { formatMicroTime, formatTime, parseMicroTime, parseTime } from './kubernetes-time.ts';
import { age, duration, firstObserved, lastObserved } from './age.ts';

const LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** The expected error messages and times are those of Go's `time.Parse`. */
describe('a time of RFC 3339', () => {
  test.each([
    ['2024-02-29T00:00:00Z', 1709164800000],
    ['0001-01-01T00:00:00Z', -62135596800000],
    ['0000-02-29T00:00:00Z', -62162121600000],
    ['2024-01-01T00:00:00.1234567Z', 1704067200123],
    ['2024-01-01T00:00:00,5Z', 1704067200500],
    ['2024-01-01T9:00:00Z', 1704099600000],
    ['2024-01-01T00:00:00+24:01', 1703980740000],
    ['2024-01-01T00:00:00-23:60', 1704153600000],
  ])('%s is accepted', (text, milliseconds) => {
    expect(parseTime(text)).toBe(milliseconds);
  });

  test.each([
    ['2023-02-29T00:00:00Z', 'day'],
    ['2024-02-30T00:00:00Z', 'day'],
    ['2024-04-31T00:00:00Z', 'day'],
    ['1900-02-29T00:00:00Z', 'day'],
    ['2024-01-00T00:00:00Z', 'day'],
    ['2024-00-10T00:00:00Z', 'month'],
    ['2024-13-40T24:60:60Z', 'month'],
    ['2024-01-01T24:00:00Z', 'hour'],
    ['2024-02-30T24:00:00Z', 'hour'],
    ['2024-01-01T24:00', 'hour'],
    ['2024-01-01T00:60:00Z', 'minute'],
    ['2024-01-01T00:00:60Z', 'second'],
    ['2024-02-30T00:00:00+25:00', 'time zone offset hour'],
    ['2024-01-01T00:00:00+25:61', 'time zone offset minute'],
  ])('%s is refused: %s out of range', (text, part) => {
    expect(parseTime(text)).toBe(`parsing time "${text}": ${part} out of range`);
  });

  test.each([
    ['2024-02-30T00:00:00X', 'X', 'Z07:00'],
    ['2024-1-01T00:00:00Z', '1-01T00:00:00Z', '01'],
    ['', '', '2006'],
  ])('the error for %j names the part that does not fit the layout', (text, rest, element) => {
    expect(parseTime(text)).toBe(`parsing time "${text}" as "${LAYOUT}": cannot parse "${rest}" as "${element}"`);
  });

  test.each([
    ['é', String.raw`\xc3\xa9`],
    ['a"\\', String.raw`a\"\\`],
    ['\n', String.raw`\x0a`],
    ['\u007f', '\u007f'],
  ])('the error quotes %j in the same way as the Go package time', (text, shown) => {
    expect(parseTime(text)).toBe(`parsing time "${shown}" as "${LAYOUT}": cannot parse "${shown}" as "2006"`);
  });

  test('trailing characters are refused before the day is checked', () => {
    const text = '2024-02-30T00:00:00Zx';
    expect(parseTime(text)).toBe(`parsing time "${text}": extra text: "x"`);
  });
});

describe('a time with microseconds', () => {
  test.each([
    ['2024-01-01T00:00:00.123456+24:60', '2023-12-30T23:00:00.123456Z'],
    ['2024-01-01T00:00:00.000001Z', '2024-01-01T00:00:00.000001Z'],
  ])('%s is %s', (text, shown) => {
    const time = parseMicroTime(text);
    expect(typeof time === 'string' ? time : formatMicroTime(time)).toBe(shown);
  });

  test.each([
    ['2024-02-30T00:00:00.123Z', '.123Z', '.000000'],
    ['2024-01-32T00:00:00Z', 'Z', '.000000'],
    ['2024-02-30T00:00:00.1234567Z', '7Z', 'Z07:00'],
  ])('%s is refused, because its fraction does not have exactly six digits', (text, rest, element) => {
    expect(parseMicroTime(text)).toBe(
      `parsing time "${text}" as "${MICRO_LAYOUT}": cannot parse "${rest}" as "${element}"`,
    );
  });

  test.each([
    ['2024-02-30T00:00:00.123456Z', 'day'],
    ['2024-01-01T24:00:00.123Z', 'hour'],
  ])('%s is refused: %s out of range', (text, part) => {
    expect(parseMicroTime(text)).toBe(`parsing time "${text}": ${part} out of range`);
  });
});

test('a time is formatted in whole seconds', () => {
  expect(formatTime(1709164800999)).toBe('2024-02-29T00:00:00Z');
});

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

test.each<[string, JsonObject, first: string, last: string]>([
  ['of v1', { firstTimestamp: '1', lastTimestamp: '2', eventTime: null }, '1', '2'],
  ['of v1 with a series', { lastTimestamp: '2', eventTime: '1', series: { lastObservedTime: '3' } }, '1', '3'],
  ['of events.k8s.io', { eventTime: '1', deprecatedLastTimestamp: null }, '1', '1'],
  [
    'of events.k8s.io that was written through v1',
    { deprecatedFirstTimestamp: '1', deprecatedLastTimestamp: '2' },
    '1',
    '2',
  ],
  ['without times', { series: null }, '', ''],
])('the first and the last time are found in an Event %s', (_, event, first, last) => {
  expect([firstObserved(event), lastObserved(event)]).toEqual([first, last]);
});
