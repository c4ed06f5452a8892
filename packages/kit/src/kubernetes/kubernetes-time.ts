import { isoTime } from '../core/index.ts';

/** One element of a layout in Go's package `time`. `layout` is the name that Go's error messages use. */
interface LayoutElement {
  readonly layout: string;
  readonly pattern: RegExp;
  /** Returns the name of the part that is out of range; `undefined` if all parts are in range. */
  readonly outOfRange?: (text: string) => string | undefined;
}

const within =
  (part: string, min: number, max: number) =>
  (text: string): string | undefined =>
    Number(text) < min || Number(text) > max ? part : undefined;

/** Go accepts offsets up to 24 hours and 60 minutes. It reports the minutes when both are out of range. */
const zoneOutOfRange = (zone: string): string | undefined => {
  if (Number(zone.slice(4)) > 60) return 'time zone offset minute';
  return Number(zone.slice(1, 3)) > 24 ? 'time zone offset hour' : undefined;
};

/** The elements before the fraction. The range of the day depends on the month, so Go checks the day last. */
const TO_THE_SECOND: readonly LayoutElement[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  { layout: '-', pattern: /^-/ },
  { layout: '01', pattern: /^\d\d/, outOfRange: within('month', 1, 12) },
  { layout: '-', pattern: /^-/ },
  { layout: '02', pattern: /^\d\d/ },
  { layout: 'T', pattern: /^T/ },
  { layout: '15', pattern: /^\d\d?/, outOfRange: within('hour', 0, 23) },
  { layout: ':', pattern: /^:/ },
  { layout: '04', pattern: /^\d\d/, outOfRange: within('minute', 0, 59) },
  { layout: ':', pattern: /^:/ },
  { layout: '05', pattern: /^\d\d/, outOfRange: within('second', 0, 59) },
];
const ZONE: LayoutElement = {
  layout: 'Z07:00',
  pattern: /^(?:Z|[+-]\d\d:\d\d)/,
  outOfRange: (text) => (text === 'Z' ? undefined : zoneOutOfRange(text)),
};
/** Go's RFC 3339 layout has no fraction, but Go accepts a fraction of any length after the seconds. */
const ANY_FRACTION: LayoutElement = { layout: '', pattern: /^(?:[.,]\d+)?/ };
const SIX_DIGITS: LayoutElement = { layout: '.000000', pattern: /^[.,]\d{6}/ };

/** A parsed time. `fraction` has the digits after the decimal separator. */
interface ReadTime {
  readonly milliseconds: number;
  readonly fraction: string;
}

/** Parses a time like Go's `time.Parse`. Returns Go's error message for an invalid string. */
function readTime(text: string, fractionElement: LayoutElement): ReadTime | string {
  const elements = [...TO_THE_SECOND, fractionElement, ZONE];
  const prefix = () => `parsing time ${quoted(text)}`;
  const parts: string[] = [];
  let rest = text;
  for (const { layout, pattern, outOfRange } of elements) {
    const part = pattern.exec(rest)?.[0];
    if (part === undefined) {
      const whole = elements.map((each) => each.layout).join('');
      return `${prefix()} as ${quoted(whole)}: cannot parse ${quoted(rest)} as ${quoted(layout)}`;
    }
    const problem = outOfRange?.(part);
    if (problem !== undefined) return `${prefix()}: ${problem} out of range`;
    parts.push(part);
    rest = rest.slice(part.length);
  }
  if (rest !== '') return `${prefix()}: extra text: ${quoted(rest)}`;
  const [year = '', , month = '', , day = '', , hour = '', , minute = '', , second = '', fraction = '', zone = ''] =
    parts;
  const date = `${year}-${month}-${day}`;
  // JavaScript accepts day 31 in every month, and moves a day that the month does not have into the next month.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight) || !isoTime(midnight).startsWith(date)) return `${prefix()}: day out of range`;
  const digits = fraction.slice(1);
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second) - offsetSeconds(zone);
  return { milliseconds: midnight + seconds * 1000 + Number(digits.slice(0, 3).padEnd(3, '0')), fraction: digits };
}

/** Quotes a string like Go's package `time`: control characters and non-ASCII bytes become `\xNN`. */
function quoted(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7f) out += `\\x${byte.toString(16).padStart(2, '0')}`;
    else out += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return `"${out}"`;
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const seconds = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

/** Parses an RFC 3339 time to milliseconds since 1970. Returns Go's error message for an invalid string. */
export function parseTime(text: string): number | string {
  const time = readTime(text, ANY_FRACTION);
  return typeof time === 'string' ? time : time.milliseconds;
}

/** Cache of the last formatted second: many writes happen in the same second. */
let latest = { second: Number.NaN, text: '' };

/** Formats a time like `metav1.Time`: UTC, whole seconds. */
export function formatTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== latest.second) latest = { second, text: `${isoTime(second * 1000).slice(0, -5)}Z` };
  return latest.text;
}

/** A time with microseconds. */
export interface MicroInstant {
  readonly milliseconds: number;
  readonly micros: string;
}

/**
 * Parses a `metav1.MicroTime`, which must have six fraction digits. Returns Go's error message for any other string.
 */
export function parseMicroTime(text: string): MicroInstant | string {
  const time = readTime(text, SIX_DIGITS);
  return typeof time === 'string' ? time : { milliseconds: time.milliseconds, micros: time.fraction };
}

/** Formats a time like `metav1.MicroTime`: UTC, six fraction digits. */
export function formatMicroTime(instant: MicroInstant): string {
  return `${isoTime(instant.milliseconds).slice(0, -5)}.${instant.micros}Z`;
}
