import { formatPlain } from './float.ts';

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const SECOND = 1_000_000_000n;
const MAX_MAGNITUDE = 2n ** 63n;
/** Matches one number with its unit. The unit is everything up to the next digit or point. */
const PART = /(\d*)(\.\d*)?([^\d.]*)/y;

/**
 * Parses a duration such as `1h30m`, `-1.5s` or `0` like Go's `time.ParseDuration`, and returns nanoseconds. Undefined
 * for any other string, and for a duration beyond int64. The result is also undefined for two kinds of strings that Go
 * accepts: strings of more than 10,000 characters, and numbers with more than 30 digits before the point. Go accepts
 * such a number only if it begins with zeros.
 */
export function goParseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const body = /^[-+]/.test(text) ? text.slice(1) : text;
  if (body === '0') return 0n;
  if (body === '' || body.length > 10_000) return undefined;
  let total = 0n;
  let at = 0;
  while (at < body.length) {
    PART.lastIndex = at;
    const match = PART.exec(body);
    const [whole = '', fraction = '', unitText = ''] = match?.slice(1) ?? [];
    if (match === null || (whole === '' && fraction.length < 2)) return undefined;
    const unit = UNITS.get(unitText);
    if (unit === undefined || whole.length > 30) return undefined;
    const value = BigInt(whole === '' ? '0' : whole) * unit + fractionOf(fraction.slice(1), unit);
    total += value;
    if (value > MAX_MAGNITUDE || total > MAX_MAGNITUDE) return undefined;
    at = PART.lastIndex;
  }
  if (negative) return -total;
  return total >= MAX_MAGNITUDE ? undefined : total;
}

/**
 * Converts the digits after the point to nanoseconds. Like Go, it computes in floating point and drops fractions of a
 * nanosecond.
 */
function fractionOf(digits: string, unit: bigint): bigint {
  if (digits === '') return 0n;
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (MAX_MAGNITUDE - 1n) / 10n || next > MAX_MAGNITUDE) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** Milliseconds of a duration, with fractions; undefined for a string that {@link goParseDuration} refuses. */
export function goParseDurationMs(text: string): number | undefined {
  const nanos = goParseDuration(text);
  return nanos === undefined ? undefined : Number(nanos) / 1e6;
}

/** Go's `Duration.String`: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function goFormatDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  if (size < SECOND) {
    const [unit, name] = size < 1_000n ? [1n, 'ns'] : size < 1_000_000n ? [1_000n, 'µs'] : [1_000_000n, 'ms'];
    return `${sign}${withFraction(size, unit)}${name}`;
  }
  const seconds = withFraction(size % (60n * SECOND), SECOND);
  const minutes = size / (60n * SECOND);
  if (minutes === 0n) return `${sign}${seconds}s`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}

function withFraction(value: bigint, unit: bigint): string {
  const width = unit.toString().length - 1;
  const fraction = width === 0 ? '' : (value % unit).toString().padStart(width, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** The duration in seconds as a double, equal to the result of Go's `Duration.Seconds`. */
export function durationSeconds(nanos: bigint): number {
  return Number(nanos / SECOND) + Number(nanos % SECOND) / 1e9;
}

/** Formats a duration like CEL's `string(duration)` and `%s`: `5400s`, `1.5s`. */
export function formatSeconds(nanos: bigint): string {
  return `${formatPlain(durationSeconds(nanos))}s`;
}
