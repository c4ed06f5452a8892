import type { YAMLMap } from 'yaml';

/** A replacement of the characters from `from` up to `to`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A key and its value, together with the comments and blank lines above the key. */
interface Block {
  readonly name: string;
  /** The offset of the first line of the block. It follows the last line of the previous block. */
  readonly from: number;
  /** The offset of the key. */
  readonly at: number;
  /** The offset after the last line of the value and of the comments that belong to the value. */
  readonly to: number;
}

/** The line end of a text, taken from its first line. */
export const lineEndOf = (text: string): string => (/^[^\n]*\r\n/.test(text) ? '\r\n' : '\n');

/**
 * Moves the keys of a block map together with their comments. Returns `undefined` when whole lines cannot be moved.
 * This is the case for a map in braces, for keys on the same line, and if a key with a comment above it would follow a
 * dash.
 *
 * @param keys the names in their new order
 */
export function reorderMap(source: string, map: YAMLMap, keys: readonly string[]): Edit | undefined {
  const blocks = blocksOf(source, map);
  const [first] = blocks ?? [];
  const last = blocks?.at(-1);
  if (blocks === undefined || first === undefined || last === undefined) return undefined;
  const lineStart = source.lastIndexOf('\n', first.at - 1) + 1;
  const indent = ' '.repeat(first.at - lineStart);
  const isAfterDash = source.slice(lineStart, first.at).trim() !== '';
  // If the first key follows a dash, the edit begins at the key. If not, it begins at the lines above the key.
  const begin = isAfterDash ? first.at : first.from;
  const texts: string[] = [];
  const named = new Map(blocks.map((block) => [block.name, block]));
  for (const [index, name] of keys.entries()) {
    const block = named.get(name);
    if (block === undefined) return undefined;
    const isOnDash = isAfterDash && block === first;
    const above = isOnDash ? '' : source.slice(block.from, source.lastIndexOf('\n', block.at - 1) + 1);
    const comments = index === 0 ? above.replace(/^(?:[ \t]*\r?\n)+/, '') : above;
    if (index === 0 && isAfterDash && comments !== '') return undefined;
    const body = source.slice(block.at, block.to);
    const own = index === 0 && isAfterDash ? '' : indent;
    texts.push(`${comments}${own}${body.endsWith('\n') ? body : body + lineEndOf(source)}`);
  }
  const text = texts.join('');
  const endsLine = source.slice(last.at, last.to).endsWith('\n');
  return { from: begin, to: last.to, text: endsLine ? text : text.replace(/\r?\n$/, '') };
}

/**
 * Returns the offset of the comments directly above the first key of an inner map. For the first key of a document,
 * returns the offset of the key, because the comments above it belong to the document.
 */
function firstBlockStart(source: string, at: number, column: number): number {
  let from = source.lastIndexOf('\n', at - 1) + 1;
  if (column === 0 || source.slice(from, at).trim() !== '') return at;
  for (;;) {
    const before = source.lastIndexOf('\n', from - 2) + 1;
    const line = source.slice(before, from);
    if (from === 0 || line.length - line.trimStart().length !== column || !line.trimStart().startsWith('#'))
      return from;
    from = before;
  }
}

function blocksOf(source: string, map: YAMLMap): Block[] | undefined {
  if (map.flow === true) return undefined;
  const column = columnOf(source, offsetOf(map.items[0]?.key) ?? 0);
  const blocks: Block[] = [];
  for (const { key, value } of map.items) {
    const at = offsetOf(key);
    const end = endOf(value) ?? endOf(key);
    if (at === undefined || end === undefined || columnOf(source, at) !== column) return undefined;
    const name: unknown = (key as { readonly value?: unknown }).value;
    if (typeof name !== 'string') return undefined;
    const previous = blocks.at(-1);
    const from = previous?.to ?? firstBlockStart(source, at, column);
    if (previous !== undefined && !/^(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*$/.test(source.slice(from, at)))
      return undefined;
    blocks.push({ name, from, at, to: Math.max(blockEnd(source, end, column), at) });
  }
  return blocks;
}

/**
 * The offset after the last line of a value, including comments below the value that are indented more deeply than the
 * key.
 */
function blockEnd(source: string, end: number, column: number): number {
  let at = source[end - 1] === '\n' ? end : afterLine(source, end);
  for (let next = at; next < source.length;) {
    const line = source.slice(next, afterLine(source, next));
    const blank = line.trim() === '';
    const indent = line.length - line.trimStart().length;
    if (!blank && !(line.trimStart().startsWith('#') && indent > column)) break;
    next += line.length;
    if (!blank) at = next;
  }
  return at;
}

const afterLine = (source: string, from: number): number => {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end + 1;
};

const columnOf = (source: string, offset: number): number => offset - (source.lastIndexOf('\n', offset - 1) + 1);

const rangeOf = (node: unknown): readonly [number, number, number] | undefined =>
  (node as { readonly range?: readonly [number, number, number] | null } | null | undefined)?.range ?? undefined;

const offsetOf = (node: unknown): number | undefined => rangeOf(node)?.[0];
const endOf = (node: unknown): number | undefined => rangeOf(node)?.[1];
