import { expect, test } from 'vitest';
import { parseSchedule } from './cron-schedule.ts';

const at = (time: string) => Date.parse(time);
const show = (time: number | undefined) => (time === undefined ? 'never' : new Date(time).toISOString().slice(0, 16));

test.each([
  ['* * * * *', '2026-01-01T12:00:30Z', '2026-01-01T12:01'],
  ['*/15 * * * *', '2026-01-01T12:00:00Z', '2026-01-01T12:15'],
  ['5-7,30 3 * * *', '2026-01-01T03:07:00Z', '2026-01-01T03:30'],
  ['0 9-17/4 * * *', '2026-01-01T13:00:00Z', '2026-01-01T17:00'],
  ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00'],
  ['0 12 * * MON-FRI', '2026-01-02T12:00:00Z', '2026-01-05T12:00'],
  ['0 12 * * 0', '2026-01-01T12:00:00Z', '2026-01-04T12:00'],
  ['1,,3 * * * *', '2026-01-01T12:01:00Z', '2026-01-01T12:03'],
  ['0 0 *,13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
  ['58 *-5 * * *', '2026-01-01T12:00:00Z', '2026-01-01T12:58'],
  [', * * * *', '2026-01-01T12:00:00Z', 'never'],
  ['0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
  ['0 0 */10 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
  ['30 4 ? JAN,jul *', '2026-01-31T05:00:00Z', '2026-07-01T04:30'],
  ['@hourly', '2026-01-01T12:00:00Z', '2026-01-01T13:00'],
  ['@weekly', '2026-01-01T12:00:00Z', '2026-01-04T00:00'],
  ['@yearly', '2026-01-01T12:00:00Z', '2027-01-01T00:00'],
  ['@every 1h30m', '2026-01-01T12:00:00Z', '2026-01-01T13:30'],
  ['0 0 31 2 *', '2026-01-01T00:00:00Z', 'never'],
])('the next due time of the schedule %s after %s is %s', (schedule, after, expected) => {
  expect(show(parseSchedule(schedule)?.next(at(after)))).toBe(expected);
});

test.each([
  // Berlin is one hour ahead of UTC in winter, and two hours in summer.
  ['0 9 * * *', 'Europe/Berlin', '2026-01-01T12:00:00Z', '2026-01-02T08:00'],
  ['0 9 * * *', 'Europe/Berlin', '2026-07-01T12:00:00Z', '2026-07-02T07:00'],
  // 02:30 does not exist on the day when summer time begins.
  ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-30T00:30'],
  ['0 0 * * *', 'America/New_York', '2026-01-01T12:00:00Z', '2026-01-02T05:00'],
])('the next due time of the schedule %s in the zone %s after %s is %s', (schedule, zone, after, expected) => {
  expect(show(parseSchedule(schedule, zone)?.next(at(after)))).toBe(expected);
});

test.each([
  ['', undefined],
  ['* * * *', undefined],
  ['60 * * * *', undefined],
  ['* 24 * * *', undefined],
  ['* * 0 * *', undefined],
  ['5-1 * * * *', undefined],
  ['*/0 * * * *', undefined],
  ['a * * * *', undefined],
  ['@every soon', undefined],
  ['* * * * 7', undefined],
  [' @daily', undefined],
  ['@reboot', undefined],
  ['* * * * *', 'Middle/Earth'],
  ['@daily', 'Middle/Earth'],
  ['@every 1h', 'Middle/Earth'],
  ['@every 1h', '+01:00'],
])('%j in zone %s is not a schedule', (schedule, zone) => {
  expect(parseSchedule(schedule, zone)).toBeUndefined();
});

test.each([
  ['10ms', 1000],
  ['-5m', 1000],
  ['1500ms', 1000],
  ['90s', 90_000],
])('@every %s is due each %i milliseconds', (period, milliseconds) => {
  const start = at('2026-01-01T12:00:00Z');
  expect(parseSchedule(`@every ${period}`)?.next(start + 250)).toBe(start + milliseconds);
});

test.each([
  ['* * * * *', '2026-01-01T12:00:00Z', '2026-03-01T12:00:30Z', '2026-03-01T12:00'],
  ['0 3 * * 1', '2020-01-06T03:00:00Z', '2026-01-07T12:00:00Z', '2026-01-05T03:00'],
  ['0 0 1 1 *', '2000-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '2026-01-01T00:00'],
  ['* * * * *', '2026-01-01T12:00:00Z', '2026-01-01T12:01:00Z', '2026-01-01T12:01'],
  ['* * * * *', '2026-01-01T12:00:00Z', '2026-01-01T12:00:59Z', undefined],
  ['0 0 1 1 *', '2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', undefined],
  ['@every 7h', '2026-01-01T00:00:00Z', '2026-02-15T00:00:00Z', '2026-02-14T22:00'],
  ['@every 1h', '2026-01-01T00:00:00Z', '2026-01-01T00:59:59Z', undefined],
])('the latest due time of the schedule %s after %s and until %s is %s', (schedule, from, now, expected) => {
  const latest = parseSchedule(schedule)?.latest(at(from), at(now));
  expect(latest === undefined ? undefined : show(latest)).toBe(expected);
});
