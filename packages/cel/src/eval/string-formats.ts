import { goParseDuration, Failure, goQuote } from '@typekro/kit/golang';
import { atoi } from '../lib/format-parse.ts';
import type { Instant } from '../lib/timestamp.ts';

const UNITS: readonly (readonly [names: readonly string[], nanos: bigint])[] = [
  [['ns', 'nano'], 1n],
  [['us', 'µs', 'micro'], 1_000n],
  [['ms', 'milli'], 1_000_000n],
  [['s', 'sec'], 1_000_000_000n],
  [['m', 'min'], 60_000_000_000n],
  [['h', 'hr', 'hour'], 3_600_000_000_000n],
  [['d', 'day'], 86_400_000_000_000n],
  [['w', 'wk', 'week'], 604_800_000_000_000n],
];

/**
 * The nanoseconds of a unit of OpenAPI's `duration` format, in lower case; undefined for other words. For the last name
 * of each unit, it is enough that the word begins with the name (`minutes` begins with `min`). The other names must
 * match the whole word.
 */
export function nanosecondsOfUnit(unit: string): bigint | undefined {
  const found = UNITS.find(([names]) => names.includes(unit) || unit.startsWith(names.at(-1) ?? unit));
  return found?.[1];
}

/**
 * Parses a string of OpenAPI's `duration` format and returns nanoseconds. The string has Go's notation, or is a sum of
 * numbers with units up to weeks. A sum beyond int64 wraps around, as Go's arithmetic does.
 */
export function parseSpan(text: string): bigint | Failure {
  const nanoseconds = goParseDuration(text);
  if (nanoseconds !== undefined) return nanoseconds;
  let total: bigint | undefined;
  for (const [, digits = '0', unit = ''] of text.slice(0, 1_000).matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const factor = atoi(digits);
    if (factor instanceof Failure) return factor;
    const nanos = nanosecondsOfUnit(unit.toLowerCase());
    if (nanos !== undefined) total = BigInt.asIntN(64, (total ?? 0n) + factor * nanos);
  }
  return total ?? new Failure(`unable to parse ${text} as duration`);
}

/**
 * One number of a date layout: its notation in Go's layouts, its number of digits, its name in messages, and its range.
 */
type Part = readonly [layout: string, digits: number, name: string, low: number, high: number];

const DATE: readonly (Part | string)[] = [
  ['2006', 4, 'year', 0, 9999],
  '-',
  ['01', 2, 'month', 1, 12],
  '-',
  ['02', 2, 'day', 1, 31],
];
const DATE_TIME: readonly (Part | string)[] = [
  ...DATE,
  'T',
  ['15', 2, 'hour', 0, 23],
  ':',
  ['04', 2, 'minute', 0, 59],
  ':',
  ['05', 2, 'second', 0, 59],
];

const layoutText = (layout: readonly (Part | string)[]) =>
  layout.map((part) => (typeof part === 'string' ? part : part[0])).join('');

/** Parses a string by a Go layout. Returns the numbers and the remaining string, or a failure with Go's message. */
function parseLayout(text: string, layout: readonly (Part | string)[]): { numbers: number[]; rest: string } | Failure {
  const numbers: number[] = [];
  let rest = text;
  const prefix = `parsing time ${goQuote(text)}`;
  const cannot = (element: string) =>
    new Failure(`${prefix} as ${goQuote(layoutText(layout))}: cannot parse ${goQuote(rest)} as ${goQuote(element)}`);
  for (const part of layout) {
    if (typeof part === 'string') {
      if (!rest.startsWith(part)) return cannot(part);
      rest = rest.slice(part.length);
      continue;
    }
    const [element, digits, name, low, high] = part;
    const digitsText = rest.slice(0, digits);
    if (!/^\d+$/.test(digitsText) || digitsText.length < digits) return cannot(element);
    const number = Number(digitsText);
    if (number < low || number > high) return new Failure(`${prefix}: ${name} out of range`);
    numbers.push(number);
    rest = rest.slice(digits);
  }
  return { numbers, rest };
}

function secondsOf([year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0]: readonly number[]):
  | number
  | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return undefined;
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
}

/** Parses a date (`2026-01-31`) and returns seconds since 1970. */
export function parseDate(text: string): number | Failure {
  const parsed = parseLayout(text, DATE);
  if (parsed instanceof Failure) return parsed;
  const prefix = `parsing time ${goQuote(text)}`;
  if (parsed.rest !== '') return new Failure(`${prefix}: extra text: ${goQuote(parsed.rest)}`);
  return secondsOf(parsed.numbers) ?? new Failure(`${prefix}: day out of range`);
}

/** The end of a date-time: no zone, `Z`, or an offset of up to 24 hours and 60 minutes, as Go allows. */
const ZONE = /^(?:Z|([+-])([01]\d|2[0-4]):?([0-5]\d|60))?$/;

/** Parses a string of OpenAPI's `date-time` format. An empty string means the beginning of 1970. */
export function parseDateTime(text: string): Instant | Failure {
  if (text === '') return { seconds: 0, nanos: 0, offsetMinutes: 0 };
  const parsed = parseLayout(text, DATE_TIME);
  if (parsed instanceof Failure) return parsed;
  const prefix = `parsing time ${goQuote(text)}`;
  const seconds = secondsOf(parsed.numbers);
  if (seconds === undefined) return new Failure(`${prefix}: day out of range`);
  const [digits = '', fraction = ''] = /^[.,](\d+)/.exec(parsed.rest) ?? [];
  const zone = parsed.rest.slice(digits.length);
  const match = ZONE.exec(zone);
  if (match === null) return new Failure(`${prefix}: extra text: ${goQuote(zone)}`);
  const [, sign, hours = '0', minutes = '0'] = match;
  const size = Number(hours) * 60 + Number(minutes);
  const offsetMinutes = sign === '-' ? -size : size;
  return { seconds: seconds - offsetMinutes * 60, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')), offsetMinutes };
}
