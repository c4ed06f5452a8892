import { parseTime } from './kubernetes-time.ts';
import { type Parent, objectAt, textAt } from './object-fields.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Formats a span of time in kubectl's short form: `5s`, `3m20s`, `2h`, `4d6h`, `2y10d`. `<invalid>` for a span of −2 s
 * or less.
 */
export function duration(milliseconds: number): string {
  if (milliseconds <= -2 * SECOND) return '<invalid>';
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(milliseconds / MINUTE);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(milliseconds / HOUR);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(milliseconds / DAY);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (years < 8) return two(years, 'y', days % 365, 'd');
  return `${years}y`;
}

/** The beginning of the year 1: Go's zero time, which stands for an absent time. */
const ZERO_TIME = Date.parse('0001-01-01T00:00:00Z');

/**
 * The time from `start` (RFC 3339) to `now` (milliseconds since 1970), in the short form of kubectl. `<unknown>` for an
 * absent start or Go's zero time, `<invalid>` for a string that is not a time.
 */
export function age(start: string | null | undefined, now: number): string {
  if (start === null || start === undefined || start === '') return '<unknown>';
  const time = parseTime(start);
  if (typeof time === 'string') return '<invalid>';
  return time === ZERO_TIME ? '<unknown>' : duration(now - time);
}

/**
 * The time at which an Event was first observed, as the server wrote it; an empty string if no field has the time.
 * Reads the fields of `v1` and of `events.k8s.io/v1`.
 */
export function firstObserved(event: Parent): string {
  return textAt(event, 'firstTimestamp') || textAt(event, 'deprecatedFirstTimestamp') || textAt(event, 'eventTime');
}

/** When an Event was last observed, as kubectl prints it: the time of its series, its last time, or its first time. */
export function lastObserved(event: Parent): string {
  return (
    textAt(objectAt(event, 'series'), 'lastObservedTime') ||
    textAt(event, 'lastTimestamp') ||
    textAt(event, 'deprecatedLastTimestamp') ||
    firstObserved(event)
  );
}
