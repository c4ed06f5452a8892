import { goParseDurationMs } from '@typekro/kit/golang';
import { scheduleProblem } from '../../kinds/jobs/schedule-problem.ts';
import { isTimeZone } from '../../kinds/jobs/jobs.ts';

/** The times at which a schedule is due. */
export interface Schedule {
  /**
   * Returns the first due time after `time` (milliseconds since the epoch), or `undefined` when there is none within
   * five years.
   */
  next(time: number): number | undefined;
  /**
   * Returns the last due time that is later than `from` and not later than `now`, or `undefined` when there is none.
   */
  latest(from: number, now: number): number | undefined;
}

const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const HORIZON_DAYS = 5 * 366;

/**
 * Parses the schedule of a CronJob: five fields with lists, ranges, steps and names, or one of the `@` forms.
 * `timeZone` is an IANA name (default: UTC). Returns `undefined` for a schedule that the API refuses, and for an
 * unknown zone. The times of `@every` do not depend on the zone.
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule | undefined {
  const local = scheduleProblem(text) === undefined ? localTimes(timeZone) : undefined;
  if (local === undefined) return undefined;
  const every = /^@every (.*)$/s.exec(text);
  if (every !== null) return periodic(goParseDurationMs(every[1] ?? '') ?? 0);
  const fields = (MACROS.get(text) ?? text).split(/\s+/).filter(Boolean);
  const [minutes, hours, days, months, weekdays] = [
    parseField(fields[0] ?? '', 0, 59),
    parseField(fields[1] ?? '', 0, 23),
    parseField(fields[2] ?? '', 1, 31),
    parseField(fields[3] ?? '', 1, 12, MONTHS),
    parseField(fields[4] ?? '', 0, 6, DAYS),
  ];
  // When both the day of the month and the weekday are restricted, one match is sufficient.
  const either = !isAny(fields[2]) && !isAny(fields[4]);
  const matchesDay = (date: LocalTime) =>
    months.has(date.month) &&
    (either ? days.has(date.day) || weekdays.has(date.weekday) : days.has(date.day) && weekdays.has(date.weekday));
  return calendar({
    next(time) {
      // A field without any value, such as `,`, is valid, and its schedule is never due.
      if ([minutes, hours, days, months, weekdays].some(({ size }) => size === 0)) return undefined;
      let candidate = Math.floor(time / MINUTE) * MINUTE + MINUTE;
      const end = candidate + HORIZON_DAYS * DAY;
      while (candidate < end) {
        const date = local(candidate);
        if (!matchesDay(date)) {
          // A single jump to midnight could pass midnight, because summer time can begin or end in between. The first
          // jump therefore ends two hours before midnight, and the second jump at midnight.
          const rest = (23 - date.hour) * 60 + (60 - date.minute);
          candidate += Math.max(1, rest > 120 ? rest - 120 : rest) * MINUTE;
        } else if (!hours.has(date.hour)) candidate += (60 - date.minute) * MINUTE;
        else if (!minutes.has(date.minute)) candidate += MINUTE;
        else return candidate;
      }
      return undefined;
    },
  });
}

/** Does one part of the field allow all values? */
const isAny = (field = ''): boolean => field.split(',').some((part) => /^[*?](?:-[^/]*)?(?:\/0*1)?$/.test(part));

interface LocalTime {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** Returns a function that converts a time to the local time of a zone, or `undefined` for an unknown zone. */
function localTimes(timeZone: string): ((time: number) => LocalTime) | undefined {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') {
    return (time) => {
      const date = new Date(time);
      return {
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
      };
    };
  }
  if (!isTimeZone(timeZone)) return undefined;
  const numeric = { month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, weekday: 'short', hourCycle: 'h23' });
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return {
      month: Number(parts.get('month')),
      day: Number(parts.get('day')),
      weekday: DAYS.indexOf((parts.get('weekday') ?? '').toLowerCase()),
      hour: Number(parts.get('hour')) % 24,
      minute: Number(parts.get('minute')),
    };
  };
}

/** Returns the values that a field of a valid schedule allows. */
function parseField(text: string, first: number, last: number, names: readonly string[] = []): Set<number> {
  const values = new Set<number>();
  const numberOf = (word: string): number => {
    const index = names.indexOf(word.toLowerCase());
    return index >= 0 ? index + first : Number(word);
  };
  for (const part of text.split(',').filter(Boolean)) {
    const [span = '', step] = part.split('/');
    const [from = '', to] = span.split('-');
    const isOpen = from === '*' || from === '?';
    const low = isOpen ? first : numberOf(from);
    const high = isOpen || (to === undefined && step !== undefined) ? last : numberOf(to ?? from);
    for (let value = low; value <= high; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

/** Creates a schedule with a fixed period, rounded to whole seconds and at least one second. */
function periodic(period: number): Schedule {
  const seconds = Math.max(1, Math.floor(period / 1000));
  const next = (time: number): number => (Math.floor(time / 1000) + seconds) * 1000;
  return {
    next,
    latest(from, now) {
      const first = next(from);
      if (first > now) return undefined;
      return first + Math.floor((now - first) / (seconds * 1000)) * seconds * 1000;
    },
  };
}

/**
 * Adds `latest` to a calendar. `latest` first searches the last hour, and multiplies the searched period by four until
 * it finds a time or reaches `from`. The search is therefore not slower when many times were missed.
 */
function calendar({ next }: Pick<Schedule, 'next'>): Schedule {
  return {
    next,
    latest(from, now) {
      for (let period = 60 * MINUTE; ; period *= 4) {
        const start = Math.max(from, now - period);
        let due: number | undefined;
        for (let time = next(start); time !== undefined && time <= now; time = next(time)) due = time;
        if (due !== undefined || start === from) return due;
      }
    },
  };
}
