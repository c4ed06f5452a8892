/**
 * A time in milliseconds since 1970 as `2026-08-01T12:00:00.000Z`, in the years that four digits hold.
 *
 * What `toISOString` gives: that one looks up the local time zone in Node 20, for which a process that never asks for
 * local time has the calendars loaded, a megabyte.
 *
 * @throws RangeError for a time that `Date` does not know.
 */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return date.toISOString();
  const day = `${digits(year, 4)}-${digits(date.getUTCMonth() + 1, 2)}-${digits(date.getUTCDate(), 2)}`;
  const minute = `${digits(date.getUTCHours(), 2)}:${digits(date.getUTCMinutes(), 2)}`;
  return `${day}T${minute}:${digits(date.getUTCSeconds(), 2)}.${digits(date.getUTCMilliseconds(), 3)}Z`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
