import { once } from '@typekro/kit/core';

/** One character of the value, or the characters of one escape. */
interface Unit {
  readonly start: number;
  readonly end: number;
}

/**
 * Returns a function that maps an offset in a scalar's value to an offset in its source text. Line folding, indentation
 * and chomping change only white space. All other characters are in the same order in the value and in the source text.
 * The first call looks at the whole text, and later calls look the result up.
 *
 * `raw` is the scalar's source text, with its quotes or block header. Its first character tells the style. The results
 * are offsets in `raw`, in UTF-16 units.
 */
export function scalarOffsets(raw: string, value: string): (offset: number) => number {
  if (raw === value) return (offset) => offset;
  const places = once(() => placesOf(raw, value));
  return (offset) => places()[Math.min(offset, value.length)] ?? 0;
}

function placesOf(raw: string, value: string): Uint32Array {
  const places = new Uint32Array(value.length + 1);
  const visible = units(raw);
  let last = contentStart(raw);
  for (let at = 0; at < value.length; at += 1) {
    const unit = isBlank(value.charAt(at)) ? undefined : visible.next().value;
    places[at] = unit?.start ?? last;
    last = unit?.end ?? last;
  }
  places[value.length] = last;
  return places;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r';
}

function contentStart(raw: string): number {
  if (/^["']/.test(raw)) return 1;
  if (!/^[|>]/.test(raw)) return 0;
  const lineEnd = raw.indexOf('\n');
  return lineEnd < 0 ? raw.length : lineEnd + 1;
}

/** The units except white space, which folding and indentation may change. */
function* units(raw: string): Generator<Unit, undefined> {
  const quote = raw.charAt(0);
  let at = contentStart(raw);
  while (at < raw.length) {
    const character = raw.charAt(at);
    let end = at + 1;
    let blank = isBlank(character);
    if (quote === '"' && character === '"') return undefined;
    if (quote === "'" && character === "'") {
      if (raw.charAt(at + 1) !== "'") return undefined;
      end = at + 2;
    }
    if (quote === '"' && character === '\\') {
      end = at + escapeLength(raw, at);
      blank = ' \tnrt\n\r'.includes(raw.charAt(at + 1));
    }
    if (!blank) yield { start: at, end };
    // A character beyond U+FFFF has two UTF-16 units in the value, so the escape yields two units.
    if (quote === '"' && /^\\U(?!0000)/.test(raw.slice(at, end))) yield { start: at, end };
    at = end;
  }
  return undefined;
}

/** The length of the escape that begins at a backslash: `\x41`, `\u0041`, `\U00000041` or two characters. */
function escapeLength(raw: string, at: number): number {
  const lengths: Record<string, number> = { x: 4, u: 6, U: 10 };
  const kind = raw.charAt(at + 1);
  return Object.hasOwn(lengths, kind) ? (lengths[kind] ?? 2) : 2;
}
