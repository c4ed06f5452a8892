import { Failure, failure, goQuote, parseInt64 } from '@typekro/kit/golang';
import type { Clause } from './format-clause.ts';

/**
 * A part of a format string: literal text, a clause that takes an argument, or a problem. A problem describes a clause
 * that cannot be parsed. It is always the last part.
 */
export type FormatPart = string | Clause | { readonly problem: string; readonly atEnd: boolean };

const DEFAULT_PRECISION = 6;
const MAX_PRECISION = 100;

/** Splits a format string. Stops at the first clause that cannot be read. */
export function parseFormat(text: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let literal = '';
  let at = 0;
  const problem = (message: string, atEnd = false) => {
    if (literal !== '') parts.push(literal);
    parts.push({ problem: message, atEnd });
    return parts;
  };
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) break;
    literal += text.slice(at, percent);
    if (text.charAt(percent + 1) === '%') {
      literal += '%';
      at = percent + 2;
      continue;
    }
    if (percent + 1 >= text.length) return problem('unexpected end of string', true);
    const clause = parseClause(text, percent + 1);
    if (typeof clause === 'string') return problem(`could not parse formatting clause: ${clause}`);
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(clause.clause);
    at = clause.end;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return parts;
}

function parseClause(text: string, start: number): { clause: Clause; end: number } | string {
  let at = start;
  let precision = DEFAULT_PRECISION;
  if (text.charAt(at) === '.') {
    const digits = /^\d*/.exec(text.slice(at + 1, at + 1_000))?.[0] ?? '';
    at += 1 + digits.length;
    if (at >= text.length) return 'error while parsing precision: could not find end of precision specifier';
    const parsed = parsePrecision(digits);
    if (typeof parsed === 'string') return `error while parsing precision: ${parsed}`;
    precision = parsed;
  }
  const verb = text.charAt(at);
  switch (verb) {
    case 's':
    case 'd':
    case 'f':
    case 'e':
    case 'b':
    case 'x':
    case 'X':
    case 'o':
      return { clause: { verb, precision }, end: at + 1 };
    default:
      // The message shows only the first byte of the character, as Go does.
      return `unrecognized formatting clause "${String.fromCharCode(Buffer.from(text.slice(at, at + 2))[0] ?? 0)}"`;
  }
}

function parsePrecision(digits: string): number | string {
  const value = atoi(digits);
  if (value instanceof Failure) return `error while converting precision to integer: ${value.message}`;
  if (value <= BigInt(MAX_PRECISION)) return Number(value);
  return `precision ${value} exceeds maximum allowed precision ${MAX_PRECISION}`;
}

/** An integer as Go's `strconv.Atoi` reads it, or Go's error. */
export function atoi(text: string): bigint | Failure {
  const value = parseInt64(text);
  if (typeof value === 'bigint') return value;
  const reason = value === 'syntax' ? 'invalid syntax' : 'value out of range';
  return failure(`strconv.Atoi: parsing ${goQuote(text)}: ${reason}`);
}
