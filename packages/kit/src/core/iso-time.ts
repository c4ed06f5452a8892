/**
 * Formats a time in milliseconds since 1970 as `2026-08-01T12:00:00.000Z`.
 *
 * The result equals that of `toISOString`. In Node 20, `toISOString` looks up the local time zone, which loads a
 * megabyte of calendars. This function therefore formats the years 0 to 9999 itself.
 *
 * @throws RangeError for a time outside the range of `Date`.
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
