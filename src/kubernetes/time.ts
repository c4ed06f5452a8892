import { isoTime } from '../core/index.ts';

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The milliseconds since 1970 of an RFC 3339 time, or the text of Go's parse error. */
export function parseTime(text: string): number | string {
  const layout = '2006-01-02T15:04:05Z07:00';
  const match = TIME.exec(text);
  if (match !== null) {
    const value = Date.parse(text);
    if (!Number.isNaN(value)) return value;
    return `parsing time ${JSON.stringify(text)}: ${outOfRange(match)} out of range`;
  }
  return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: ${whereParsingStops(text)}`;
}

function outOfRange(match: RegExpExecArray): string {
  const [, , month, day, hour, minute] = match.map(Number);
  if ((month ?? 0) < 1 || (month ?? 0) > 12) return 'month';
  if ((hour ?? 0) > 23) return 'hour';
  if ((minute ?? 0) > 59) return 'minute';
  return (day ?? 0) < 1 || (day ?? 0) > 31 ? 'day' : 'second';
}

const STEPS: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:\.\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
];

function whereParsingStops(text: string): string {
  let rest = text;
  for (const [pattern, element] of STEPS) {
    const match = pattern.exec(rest);
    if (match === null) return `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
    rest = rest.slice(match[0].length);
  }
  return `extra text: ${JSON.stringify(rest)}`;
}

/** The last formatted second, kept because many writes happen in one second. */
let latest = { second: Number.NaN, text: '' };

/** The form of `metav1.Time`: UTC, whole seconds. */
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
 * Reads `metav1.MicroTime`, which must have six digits of fraction. Returns the text of Go's parse error for any other
 * text.
 */
export function parseMicroTime(text: string): MicroInstant | string {
  const layout = '2006-01-02T15:04:05.000000Z07:00';
  const match = TIME.exec(text);
  const fail = (rest: string, element: string) =>
    `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
  if (match === null) {
    const message = parseTime(text);
    return typeof message === 'string' ? message.replace('2006-01-02T15:04:05Z07:00', layout) : message.toString();
  }
  const [, , , , , , , fraction = '', zone = ''] = match;
  if (!/^\.\d{6}$/.test(fraction)) {
    return fraction.length > 7 ? fail(fraction.slice(7) + zone, 'Z07:00') : fail(fraction + zone, '.000000');
  }
  return { milliseconds: Date.parse(text), micros: fraction.slice(1) };
}

/** The form of `metav1.MicroTime`. */
export function formatMicroTime(instant: MicroInstant): string {
  return `${isoTime(instant.milliseconds).slice(0, -5)}.${instant.micros}Z`;
}
