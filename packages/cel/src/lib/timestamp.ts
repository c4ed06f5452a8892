import { failure, type Failure, goQuote } from '@typekro/kit/golang';

// Parses and formats timestamps in RFC 3339. Timestamps are in the years 1 to 9999.

/** Seconds since 1970 of 0001-01-01T00:00:00Z. */
export const MIN_SECONDS = -62_135_596_800;
/** Seconds since 1970 of 9999-12-31T23:59:59Z. */
export const MAX_SECONDS = 253_402_300_799;

/** A point in time, and the offset from UTC of its string form. */
export interface Instant {
  readonly seconds: number;
  /** From 0 to 999,999,999. */
  readonly nanos: number;
  /** The offset from UTC of the string form, in minutes. */
  readonly offsetMinutes: number;
}

const STRICT =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([Tt])([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:([Zz])|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Parses a timestamp as cel-go does. cel-go first checks the syntax of RFC 3339. Go's parser then refuses leap seconds,
 * lower-case letters, and days that do not exist in the month.
 */
export function parseTimestamp(text: string): Instant | Failure {
  const match = STRICT.exec(text);
  if (!match) return failure(`invalid RFC 3339 timestamp ${goQuote(text)}`);
  const [, year, month, day, t, hour, minute, second, fraction, zulu, sign, offsetHour, offsetMinute] = match;
  const y = Number(year);
  const mon = Number(month);
  const d = Number(day);
  if (t === 't' || zulu === 'z' || second === '60' || d > daysInMonth(y, mon)) {
    return failure("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  }
  const size = Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0);
  const offsetMinutes = sign === '-' ? -size || 0 : size;
  const local = daysFromCivil(y, mon, d) * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const seconds = local - offsetMinutes * 60;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return failure('timestamp overflow');
  return { seconds, nanos: Number((fraction ?? '').slice(0, 9).padEnd(9, '0')), offsetMinutes };
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Returns the number of days from 1970-01-01 to a date. The date is in the proleptic Gregorian calendar. */
function daysFromCivil(year: number, month: number, day: number): number {
  // The computation uses years that begin in March, so that the leap day is the last day of a year.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** A date and time of day. */
export interface CivilTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is 1 January. */
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly dayOfWeek: number;
}

/** Converts local seconds (seconds since 1970 plus the offset) to a date and time of day. */
export function civilTime(localSeconds: number): CivilTime {
  const days = Math.floor(localSeconds / 86_400);
  const rest = localSeconds - days * 86_400;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const fromMarch = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * fromMarch + 2) / 153);
  const day = fromMarch - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    dayOfYear: days - daysFromCivil(year, 1, 1),
    dayOfWeek: (((days + 4) % 7) + 7) % 7,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * Formats a timestamp as Go's `RFC3339Nano` does: fractions without trailing zeros, and `Z` for the offset 0. If
 * `nanos` is 0, there is no fraction.
 */
export function formatTimestamp({ seconds, nanos, offsetMinutes }: Instant): string {
  const t = civilTime(seconds + offsetMinutes * 60);
  const year = String(t.year).padStart(4, '0');
  const date = `${year}-${two(t.month)}-${two(t.day)}T${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  if (offsetMinutes === 0) return `${date}${fraction}Z`;
  const size = Math.abs(offsetMinutes);
  return `${date}${fraction}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
