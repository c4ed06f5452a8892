/**
 * A plain scalar (without quotes) that is inside `{ }` or `[ ]` and contains a bracket. In YAML, the scalar ends at the
 * bracket, earlier than its author intended.
 */
export interface FlowText {
  readonly text: string;
  /** The offset in the source at which the intended scalar begins. */
  readonly from: number;
  readonly to: number;
  /** The offset of the bracket. */
  readonly bracket: number;
}

/** Matches the text before a flow collection in its line: dashes and a key. */
export const BEFORE_VALUE = /(?:^|\n)[ \t]*(?:- +)*(?:[^\s:#][^\n:#]*:[ \t]+)?(?=[[{])/;

/**
 * Finds the plain scalar that surrounds an offset and contains a bracket, such as `tag[7]`, `[]string` or
 * `${schema.spec.name}` in `{ a: … }`. In YAML, such a bracket begins or ends a list or a map.
 */
export function flowTextAt(source: string, at: number): FlowText | undefined {
  const start = valueStart(source, at);
  const first = BEFORE_VALUE.exec(source.slice(start));
  if (first === null) return undefined;
  let offset = start + first.index + first[0].length;
  let depth = 0;
  while (offset < source.length && offset <= at) {
    const char = source.charAt(offset);
    if (/[\s,:]/.test(char)) offset += 1;
    else if (char === '#' && /\s/.test(source.charAt(offset - 1))) offset = lineEnd(source, offset);
    else {
      const end = entryEnd(source, offset);
      const bracket = bracketIn(source, offset, end);
      if (bracket !== undefined && depth > 0 && at >= offset && at < end)
        return { text: source.slice(offset, end), from: offset, to: end, bracket };
      if (bracket === undefined && !/[[\]{}]/.test(char)) offset = Math.max(end, offset + 1);
      else {
        if (char === '[' || char === '{') depth += 1;
        else if (char === ']' || char === '}') depth -= 1;
        offset += 1;
      }
    }
  }
  return undefined;
}

/** The offset of the line in which a value begins. */
function valueStart(source: string, at: number): number {
  let start = source.lastIndexOf('\n', at - 1) + 1;
  for (let before: number | undefined = start; before !== undefined; before = continuedLine(source, start))
    start = before;
  return start;
}

/**
 * The offset of the line before the line at `start`, if the line at `start` continues its value. This is the case after
 * a comma or an opening bracket.
 */
export function continuedLine(source: string, start: number): number | undefined {
  const before = source.lastIndexOf('\n', start - 2) + 1;
  return start > 0 && /[,{[][ \t]*$/.test(source.slice(before, start - 1)) ? before : undefined;
}

/** The offset of the end of the line, without its line break. */
export function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
}

/**
 * The offset after an entry: at a comma, at `: `, at the end of the line, or at a bracket that the entry does not open.
 */
function entryEnd(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const char = source.charAt(at);
    if (char === '\n') return at;
    if (char === '"' || char === "'") {
      const close = source.indexOf(char, at + 1);
      if (close < 0) return at;
      at = close;
    } else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') {
      depth -= 1;
      if (depth < 0) return at;
    } else if (depth === 0 && (char === ',' || (char === ':' && /[\s,[\]{}]/.test(source.charAt(at + 1))))) return at;
  }
  return source.length;
}

/** The offset of a bracket that touches the other characters of an entry, as in `tag[7]`, `[]string` and `${x}`. */
function bracketIn(source: string, from: number, to: number): number | undefined {
  const entry = source.slice(from, to).trimEnd();
  if (/^["']/.test(entry)) return undefined;
  const inside = /^[^[\]{}"'\s]+[[{]/.exec(entry);
  if (inside !== null) return from + inside[0].length - 1;
  return /^(?:\[\]|\{\})[^\s\]},:]/.test(entry) ? from : undefined;
}
