import { goQuote } from '@typekro/kit/golang';
import { type KroCompatibility, KroLevel } from '../kro-compatibility.ts';

/** A part of a string value: literal text, or the text between `${` and `}`. */
export interface TextPart {
  readonly kind: 'text' | 'expression';
  readonly text: string;
  /** Offset of `text` in the string, in UTF-16 units. */
  readonly offset: number;
}

/** The parts of a string, or the error for a `${` that is inside another expression or is not closed. */
export type ScanResult =
  | { readonly ok: true; readonly parts: readonly TextPart[] }
  | {
      readonly ok: false;
      readonly problem: 'nested' | 'unterminated';
      /** kro's message. */
      readonly message: string;
      /** The offset of the `${`, in UTF-16 units. */
      readonly offset: number;
    };

/** If the text before the first closing brace has one of these characters, the expression may end at a later brace. */
const NESTING = /["'{$]/;

const NESTED = 'nested expressions are not allowed unless inside string literals';

/** How a level of kro treats unclosed expressions, and which quotes begin a literal inside an expression. */
const RULES = {
  '0.9': { quotes: '"', unterminated: 'text' },
  '0.10': { quotes: `"'`, unterminated: 'error' },
} satisfies Readonly<Record<KroCompatibility, object>>;

/**
 * Finds each `${…}` in a string, as kro of this level does. Braces inside literals are ignored, and nothing is trimmed.
 * kro 0.9 recognises only double quotes, and treats an unclosed `${` as plain text. kro 0.10 also recognises single
 * quotes, and refuses an unclosed `${`. Backticks have no special meaning.
 */
export function scanExpressions(text: string, level: KroCompatibility = KroLevel.DEFAULT): ScanResult {
  const rules = RULES[level];
  const parts: TextPart[] = [];
  let plainFrom = 0;
  let at = text.indexOf('${');
  if (at < 0) return { ok: true, parts: text === '' ? [] : [{ kind: 'text', text, offset: 0 }] };
  let ends: Int32Array | undefined;
  while (at >= 0) {
    const first = ends === undefined ? text.indexOf('}', at) : OPEN;
    if (first < 0 || NESTING.test(text.slice(at + 2, first))) ends ??= expressionEnds(text, rules.quotes);
    const end = ends?.[at + 2] ?? first;
    if (end < OPEN) return { ok: false, problem: 'nested', message: NESTED, offset: OPEN - 1 - end };
    if (end === OPEN) {
      if (rules.unterminated === 'error') {
        const bytes = new TextEncoder().encode(text.slice(0, at)).length;
        const message = `unterminated expression starting at offset ${bytes}`;
        return { ok: false, problem: 'unterminated', message, offset: at };
      }
      at = text.indexOf('${', at + 2);
      continue;
    }
    if (at > plainFrom) parts.push({ kind: 'text', text: text.slice(plainFrom, at), offset: plainFrom });
    parts.push({ kind: 'expression', text: text.slice(at + 2, end), offset: at + 2 });
    plainFrom = end + 1;
    at = text.indexOf('${', plainFrom);
  }
  if (plainFrom < text.length) parts.push({ kind: 'text', text: text.slice(plainFrom), offset: plainFrom });
  return { ok: true, parts };
}

/** The offset of the first unclosed `${` in the literal parts; undefined when there is none. */
export function unclosedAt(parts: readonly TextPart[]): number | undefined {
  const open = parts.find(({ kind, text }) => kind === 'text' && text.includes('${'));
  return open === undefined ? undefined : open.offset + open.text.indexOf('${');
}

/** The end of an expression that is not closed. */
const OPEN = -1;

/**
 * For each offset of a text, the offset of the brace that closes an expression that begins there. `OPEN` if there is
 * none, and `OPEN - 1 - offset` if a nested `${` is before it. The offsets are visited once, from the last one, because
 * a text may have any number of `${` that are not closed.
 */
function expressionEnds(text: string, quotes: string): Int32Array {
  const ends = new Int32Array(text.length + 2).fill(OPEN);
  // The result of an offset in a literal in double quotes and in single quotes.
  const [inDouble, inSingle] = [ends.slice(), ends.slice()];
  let next = OPEN;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const character = text.charAt(at);
    const [double = OPEN, single = OPEN] = [inDouble[at + 1], inSingle[at + 1]];
    const escape = character === '\\';
    inDouble[at] = escape ? (inDouble[at + 2] ?? OPEN) : character === '"' ? next : double;
    inSingle[at] = escape ? (inSingle[at + 2] ?? OPEN) : character === "'" ? next : single;
    if (quotes.includes(character)) next = character === '"' ? double : single;
    else if (character === '}') next = at;
    else if (character === '{') next = next < 0 ? next : (ends[next + 1] ?? OPEN);
    else if (character === '$' && text[at + 1] === '{' && !quotes.includes(text.charAt(at - 1))) next = OPEN - 1 - at;
    ends[at] = next;
  }
  return ends;
}

/** A string value with at least one expression. kro makes one CEL expression of the whole string. */
export interface ExpressionText {
  /** CEL text to compile. */
  readonly cel: string;
  /** The whole string; absent when it is a single bare `${…}`. */
  readonly template?: string;
  /** The parts of the whole string; absent when it is a single bare `${…}`. */
  readonly parts?: readonly TextPart[];
  /**
   * Converts an offset in `cel` to an offset in the string, both in UTF-16 units. For code that is not in the string,
   * such as the ` + ` between two parts, returns the nearest offset.
   */
  toOriginal(celOffset: number): number;
}

/** The expression of a scanned string; undefined when no part is an expression. */
export function joinParts(original: string, parts: readonly TextPart[]): ExpressionText | undefined {
  const [first] = parts;
  if (first === undefined || !parts.some((part) => part.kind === 'expression')) return undefined;
  return parts.length === 1 ? new BareExpression(first) : new JoinedParts(original, parts);
}

class BareExpression implements ExpressionText {
  readonly cel: string;
  readonly #offset: number;

  constructor({ text, offset }: TextPart) {
    this.cel = text;
    this.#offset = offset;
  }

  toOriginal(offset: number): number {
    return this.#offset + offset;
  }
}

/**
 * The expression of a string with several parts. `cel` is made at its first read, because most callers need only the
 * parts.
 */
class JoinedParts implements ExpressionText {
  readonly template: string;
  readonly parts: readonly TextPart[];
  #cel: string | undefined;

  constructor(template: string, parts: readonly TextPart[]) {
    this.template = template;
    this.parts = parts;
  }

  get cel(): string {
    return (this.#cel ??= this.parts.map(celOf).join(' + '));
  }

  toOriginal(offset: number): number {
    let [found] = this.parts as [TextPart];
    let start = 0;
    let next = 0;
    for (const part of this.parts) {
      if (offset < next) break;
      found = part;
      start = next;
      next += celOf(part).length + ' + '.length;
    }
    if (found.kind === 'text') return found.offset;
    return found.offset + Math.min(Math.max(offset - start - '('.length, 0), found.text.length);
  }
}

const celOf = ({ kind, text }: TextPart): string => (kind === 'text' ? goQuote(text) : `(${text})`);

/** The remedy for a string that should be a single bare expression. */
export function bareHint(text: string, level: KroCompatibility): string | undefined {
  const scanned = scanExpressions(text, level);
  if (!text.includes('${')) return `write \${${text.trim()}}`;
  if (!scanned.ok) return undefined;
  // If there are only operators between the expressions, the author meant a single expression in one pair of braces.
  const isJoined = scanned.parts.every(
    ({ kind, text: part }) => kind === 'expression' || /^[\s&|=!<>()+\-?:]*$/.test(part),
  );
  return isJoined ? `write one expression: \${${scanned.parts.map((part) => part.text).join('')}}` : undefined;
}
