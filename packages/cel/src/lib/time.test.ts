import { describe, expect, test } from 'vitest';
import { Failure } from '@typekro/kit/golang';
import { civilTime, formatTimestamp, parseTimestamp } from './timestamp.ts';
import { findZone } from './find-zone.ts';

describe('timestamps', () => {
  test.each([
    ['2026-06-15T10:00:00+02:00', '2026-06-15T10:00:00+02:00'],
    ['2026-06-15T10:00:00.100Z', '2026-06-15T10:00:00.1Z'],
    ['2026-06-15T10:00:00.0000000019-00:00', '2026-06-15T10:00:00.000000001Z'],
    ['0001-01-01T00:00:00-01:00', '0001-01-01T00:00:00-01:00'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
  ])('%s is written %s', (text, written) => {
    const time = parseTimestamp(text);
    expect(time instanceof Failure ? time.message : formatTimestamp(time)).toBe(written);
  });

  test('a fraction may have any number of digits', () => {
    const time = parseTimestamp(`2026-06-15T10:00:00.5${'0'.repeat(20_000)}Z`);
    expect(time).toMatchObject({ nanos: 500_000_000 });
  });

  test.each([
    ['2026-06-15T10:00Z', 'invalid RFC 3339 timestamp "2026-06-15T10:00Z"'],
    ['1900-02-29T00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2023-02-29T00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2026-12-31T23:59:60Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['2026-12-31t00:00:00Z', "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
    ['9999-12-31T23:59:59-00:01', 'timestamp overflow'],
    ['0001-01-01T00:00:00+00:01', 'timestamp overflow'],
  ])('%s is refused', (text, message) => {
    expect(parseTimestamp(text)).toEqual(new Failure(message));
  });

  test('civilTime returns the same dates as JavaScript', () => {
    for (let seconds = -62_135_596_800; seconds < 253_402_300_799; seconds += 86_400 * 367 + 3_601) {
      const date = new Date(seconds * 1000);
      const time = civilTime(seconds);
      expect([time.year, time.month, time.day, time.hour, time.minute, time.second, time.dayOfWeek]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        date.getUTCDay(),
      ]);
    }
  });
});

describe('time zones', () => {
  const offset = (name: string, seconds: number): number | string => {
    const zone = findZone(name);
    return zone instanceof Failure ? zone.message : zone(seconds);
  };
  test.each([
    ['Europe/Berlin', 1782000000, 7200],
    ['America/New_York', 1782000000, -14400],
    ['America/New_York', -62135596800, -17762],
    ['US/Central', 0, -21600],
    ['Etc/GMT+5', 0, -18000],
    ['', 0, 0],
    ['+2:00', 0, 7200],
    ['-05:30', 0, -19800],
    ['europe/berlin', 0, 'unknown time zone europe/berlin'],
    ['5', 0, 'unknown time zone 5'],
    ['../etc', 0, 'time: invalid location name'],
    ['+24:00', 0, 'timezone offset hours out of range [-23, 23]: +24:00'],
    ['1:60', 0, 'timezone offset minutes out of range [0, 59]: 1:60'],
    ['x:00', 0, 'strconv.Atoi: parsing "x": invalid syntax'],
  ])('the time zone %j has at the time %i the offset or the error %s', (name, seconds, expected) => {
    expect(offset(name, seconds)).toBe(expected);
  });
});
