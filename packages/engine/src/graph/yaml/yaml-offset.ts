/** The style of a scalar in the file, which determines how its characters map to offsets. */
export type ScalarStyle = 'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED';

/** One character of the value, or the characters of one escape. */
interface Unit {
  readonly start: number;
  readonly end: number;
  /** Is the unit white space? White space is not counted, because folding and indentation may change it. */
  readonly blank: boolean;
}

/**
 * Maps an offset in a scalar's value to an offset in its source text. Line folding, indentation and chomping change
 * only white space. All other characters are in the same order in the value and in the source text.
 *
 * `raw` is the scalar's source text, with its quotes or block header. The result is an offset in `raw`, in UTF-16
 * units.
 */
export function offsetInScalar(raw: string, style: ScalarStyle, value: string, offset: number): number {
  if (style === 'PLAIN' && raw === value) return offset;
  let visible = 0;
  for (let at = 0; at < offset && at < value.length; at += 1) if (!isBlank(value.charAt(at))) visible += 1;
  const wantsBlank = isBlank(value.charAt(offset)) || offset >= value.length;
  let last = contentStart(raw, style);
  for (const unit of units(raw, style)) {
    if (unit.blank) continue;
    if (visible === 0) return wantsBlank ? last : unit.start;
    visible -= 1;
    last = unit.end;
  }
  return last;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t' || character === '\r';
}

function contentStart(raw: string, style: ScalarStyle): number {
  if (style === 'PLAIN') return 0;
  if (style === 'QUOTE_DOUBLE' || style === 'QUOTE_SINGLE') return 1;
  const lineEnd = raw.indexOf('\n');
  return lineEnd < 0 ? raw.length : lineEnd + 1;
}

function* units(raw: string, style: ScalarStyle): Generator<Unit> {
  let at = contentStart(raw, style);
  while (at < raw.length) {
    const character = raw.charAt(at);
    let end = at + 1;
    let blank = isBlank(character);
    if (style === 'QUOTE_DOUBLE' && character === '"') return;
    if (style === 'QUOTE_SINGLE' && character === "'") {
      if (raw.charAt(at + 1) !== "'") return;
      end = at + 2;
    }
    if (style === 'QUOTE_DOUBLE' && character === '\\') {
      end = at + escapeLength(raw, at);
      blank = ' \tnrt\n\r'.includes(raw.charAt(at + 1));
    }
    yield { start: at, end, blank };
    // A character beyond U+FFFF has two UTF-16 units in the value, so the escape yields two units.
    if (style === 'QUOTE_DOUBLE' && /^\\U(?!0000)/.test(raw.slice(at, end))) yield { start: at, end, blank };
    at = end;
  }
}

/** The length of the escape that begins at a backslash: `\x41`, `\u0041`, `\U00000041` or two characters. */
function escapeLength(raw: string, at: number): number {
  const lengths: Record<string, number> = { x: 4, u: 6, U: 10 };
  const kind = raw.charAt(at + 1);
  return Object.hasOwn(lengths, kind) ? (lengths[kind] ?? 2) : 2;
}
