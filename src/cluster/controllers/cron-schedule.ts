import { goParseDurationMs } from '../../golang/index.ts';

/** The times at which a schedule is due. */
export interface Schedule {
  /** The first time after `time` (milliseconds since the epoch); `undefined` when none follows within five years. */
  next(time: number): number | undefined;
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
 * `timeZone` is an IANA name (default: UTC). Returns `undefined` for a malformed schedule and for an unknown zone.
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule | undefined {
  const every = /^@every\s+(\S+)$/.exec(text.trim());
  if (every !== null) return periodic(goParseDurationMs(every[1] ?? ''));
  const fields = (MACROS.get(text.trim()) ?? text).trim().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minutes, hours, days, months, weekdays] = [
    parseField(fields[0] ?? '', 0, 59),
    parseField(fields[1] ?? '', 0, 23),
    parseField(fields[2] ?? '', 1, 31),
    parseField(fields[3] ?? '', 1, 12, MONTHS),
    parseField(fields[4] ?? '', 0, 7, DAYS),
  ];
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  const local = localTimes(timeZone);
  if (local === undefined) return undefined;
  const weekday = (day: number) => weekdays.has(day) || (day === 0 && weekdays.has(7));
  // When both fields for days are restricted, a match of one field suffices.
  const either = !isAny(fields[2]) && !isAny(fields[4]);
  const matchesDay = (date: LocalTime) =>
    months.has(date.month) &&
    (either ? days.has(date.day) || weekday(date.weekday) : days.has(date.day) && weekday(date.weekday));
  return {
    next(time) {
      let candidate = Math.floor(time / MINUTE) * MINUTE + MINUTE;
      const end = candidate + HORIZON_DAYS * DAY;
      while (candidate < end) {
        const date = local(candidate);
        if (!matchesDay(date)) {
          // Go to the last minutes of this day, because daylight saving may move the next midnight.
          const rest = (23 - date.hour) * 60 + (60 - date.minute);
          candidate += Math.max(1, rest > 120 ? rest - 120 : rest) * MINUTE;
        } else if (!hours.has(date.hour)) candidate += (60 - date.minute) * MINUTE;
        else if (!minutes.has(date.minute)) candidate += MINUTE;
        else return candidate;
      }
      return undefined;
    },
  };
}

const isAny = (field: string | undefined): boolean => field === undefined || /^[*?](\/1)?$/.test(field);

interface LocalTime {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** Returns a function that converts a time to the local time of a zone; `undefined` for an unknown zone. */
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
  const format = formatterOf(timeZone);
  if (format === undefined) return undefined;
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

function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const numeric = { month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, weekday: 'short', hourCycle: 'h23' });
  } catch (error) {
    // `Intl` reports an unknown zone only by this error.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The values that a field allows; `undefined` when it is malformed. */
function parseField(text: string, first: number, last: number, names: readonly string[] = []): Set<number> | undefined {
  const values = new Set<number>();
  const numberOf = (word: string): number => {
    const index = names.indexOf(word.toLowerCase());
    if (index >= 0) return index + first;
    return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  };
  for (const part of text.split(',')) {
    const match = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d{1,4}))?$/.exec(part);
    if (match === null) return undefined;
    const [, from = '', to, step] = match;
    const any = from === '*' || from === '?';
    const low = any ? first : numberOf(from);
    const high = any || (to === undefined && step !== undefined) ? last : numberOf(to ?? from);
    const stride = step === undefined ? 1 : Number(step);
    if (!(low >= first && high <= last && low <= high && stride > 0) || (any && to !== undefined)) return undefined;
    for (let value = low; value <= high; value += stride) values.add(value);
  }
  return values;
}

/** A schedule with a fixed period of at least one second; `undefined` without a valid period. */
function periodic(period: number | undefined): Schedule | undefined {
  if (period === undefined || period < 1000) return undefined;
  return { next: (time) => Math.floor(time / 1000) * 1000 + Math.floor(period / 1000) * 1000 };
}
