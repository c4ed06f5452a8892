import { expect, test } from 'vitest';
import { validateSchedule, validateTimeZone } from './jobs/jobs.ts';
import { Problems } from '../errors/field-problems.ts';

/** Calls a function that adds problems, and returns their messages. */
function messagesOf(validate: (problems: Problems) => void): string[] {
  const problems = new Problems();
  validate(problems);
  return problems.map(({ message }) => message);
}

const NO_ZONES = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';

test.each<[string, string[]]>([
  ['* * * * *', []],
  ['TZ=UTC 0 * * * *', [NO_ZONES]],
  ['CRON_TZ=Local @daily', [NO_ZONES]],
  ['TZ=Middle/Earth * * * * *', ['provided bad location Middle/Earth: unknown time zone Middle/Earth', NO_ZONES]],
  ['TZ=UTC * * *', ['expected exactly 5 fields, found 3: [* * *]', NO_ZONES]],
  ['TZ=0', ['invalid schedule format: runtime error: slice bounds out of range [:-1]', NO_ZONES]],
  ['* * * * TZ', ['failed to parse int from TZ: strconv.Atoi: parsing "TZ": invalid syntax', NO_ZONES]],
])('the schedule %j has the problems %j', (schedule, messages) => {
  expect(messagesOf((problems) => validateSchedule(schedule, problems))).toEqual(
    messages.map((message) => expect.stringContaining(message) as string),
  );
});

test.each<[string, string[]]>([
  ['Europe/Berlin', []],
  ['Etc/GMT+1', []],
  ['', ['timeZone must be nil or non-empty string']],
  ['Local', ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']],
  ['+01', ['unknown time zone +01']],
  ['+01:00', ['unknown time zone +01:00']],
  ['../UTC', ['unknown time zone ../UTC']],
  ['Middle/Earth', ['unknown time zone Middle/Earth']],
])('the time zone %j has the problems %j', (timeZone, messages) => {
  const expected = messages.map((message) => expect.stringContaining(message) as string);
  expect(messagesOf((problems) => validateTimeZone(timeZone, problems))).toEqual(expected);
});
