import { expect, test } from 'vitest';
import { Failure } from '@typekro/kit/golang';
import { sameData } from './same-data.ts';
import { parseDateTime, parseSpan } from './string-formats.ts';

test.each<[unknown, unknown, boolean]>([
  [{ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [[1], [1, 2], false],
  [[], {}, false],
  [{ a: undefined }, { b: undefined }, false],
  [null, {}, false],
])('%o and %o are the same data: %s', (a, b, same) => {
  const meter = { charge: () => undefined };
  expect(sameData(a, b, meter)).toBe(same);
  expect(sameData(b, a, meter)).toBe(same);
});

const HOUR = 3_600_000_000_000n;

test.each<[string, bigint | string]>([
  ['1h30m', HOUR + HOUR / 2n],
  ['3 days', 72n * HOUR],
  ['2 Weeks', 336n * HOUR],
  ['1 hr 30 minutes', HOUR + HOUR / 2n],
  ['5 millis', 5_000_000n],
  ['5 MICROSECONDS 7nanos', 5_007n],
  ['7 µs', 7_000n],
  ['1 hrs', 'unable to parse 1 hrs as duration'],
  ['1 ds', 'unable to parse 1 ds as duration'],
  ['1 fortnight', 'unable to parse 1 fortnight as duration'],
  ['', 'unable to parse  as duration'],
  // Go's arithmetic wraps around.
  ['200000 days', BigInt.asIntN(64, 4_800_000n * HOUR)],
  ['9223372036854775808 days', 'strconv.Atoi: parsing "9223372036854775808": value out of range'],
])('parseSpan converts %j to %s', (text, expected) => {
  expect(parseSpan(text)).toEqual(typeof expected === 'string' ? new Failure(expected) : expected);
});

const extra = (text: string, rest: string) => new Failure(`parsing time "${text}": extra text: "${rest}"`);

test.each<[string, ReturnType<typeof parseDateTime>]>([
  ['', { seconds: 0, nanos: 0, offsetMinutes: 0 }],
  ['1970-01-01T00:00:01Z', { seconds: 1, nanos: 0, offsetMinutes: 0 }],
  ['1970-01-01T00:00:00.5', { seconds: 0, nanos: 500_000_000, offsetMinutes: 0 }],
  ['1970-01-01T01:00:00+01:00', { seconds: 0, nanos: 0, offsetMinutes: 60 }],
  ['1970-01-01T00:00:00-0130', { seconds: 5_400, nanos: 0, offsetMinutes: -90 }],
  // In an offset, Go allows the hours to be 24 and the minutes to be 60.
  ['1970-01-02T00:00:00+24:60', { seconds: -3_600, nanos: 0, offsetMinutes: 1_500 }],
  ['1970-01-01T00:00:00+25:00', extra('1970-01-01T00:00:00+25:00', '+25:00')],
  ['1970-01-01T00:00:00.5-00:61', extra('1970-01-01T00:00:00.5-00:61', '-00:61')],
  ['1970-01-01T00:00:00.5x', extra('1970-01-01T00:00:00.5x', 'x')],
  ['1970-02-30T00:00:00Z', new Failure('parsing time "1970-02-30T00:00:00Z": day out of range')],
])('parseDateTime converts %j to %o', (text, expected) => {
  expect(parseDateTime(text)).toEqual(expected);
});
