import type { PathStep } from '@typekro/engine/graph';
import { type YamlNode, parseTree, placesIn } from './yaml-tree.ts';

/** The position of a cursor in the tree of a document. The document may be incomplete at the cursor. */
export interface CursorPlace {
  /**
   * `key`: the user types a key. `value`: the cursor is in a scalar on one line. `inside`: the cursor is in a scalar
   * with several lines, such as a block scalar.
   */
  readonly part: 'key' | 'value' | 'inside';
  /** The path of the value; for a key, the path of its map. */
  readonly path: readonly PathStep[];
  /** The text before the cursor that belongs to the key or scalar, without an opening quote. */
  readonly prefix: string;
  /** The offset at which this text begins, in the chunk (`chunks.ts`) of the file. */
  readonly from: number;
  /** Is the cursor at the start of a list item, where a key or a value can follow? */
  readonly isItem: boolean;
  /** Does the rest of the key, with its colon, follow the cursor? */
  readonly isWholeKey: boolean;
  /** The tree of the document with a mark at the cursor. */
  readonly tree: YamlNode | undefined;
}

/** A word that no document contains. */
const MARK = 'typekroCursorMark';

/** ` - key: value`, up to the cursor: the indentation with dashes, the key, and the start of the value. */
const VALUE = /^(\s*(?:- +)*(?:[^\s:#"'[\]{}-][^\s:#]*|"[^"]*"|'[^']*'):[ \t]+)(["']?)(.*)$/;
const ITEM = /^(\s*(?:- +)+)(["']?)(.*)$/;
const KEY = /^(\s*)(["']?)([^\s:#"']*)$/;

/**
 * Finds the position of an offset in the tree. Inserts a mark at the offset, so that the line parses, and finds the
 * mark in the parsed tree. The rest of the line is left out, so that unclosed quotes and braces do not break the
 * parser.
 */
export function cursorPlace(text: string, offset: number): CursorPlace | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineBreak = text.indexOf('\n', offset);
  const lineEnd = lineBreak < 0 ? text.length : lineBreak;
  const before = text.slice(lineStart, offset);
  const [form, head = '', quote = '', typed = ''] = formOf(before) ?? [];
  if (form === undefined) return undefined;
  const line = form === 'key' ? `${head}${MARK}:` : `${head}${MARK}`;
  const tree = parseTree(text.slice(0, lineStart) + line + text.slice(lineEnd));
  for (const { path, part, scalar } of placesIn(tree)) {
    if (!scalar.value.includes(MARK)) continue;
    const isWhole = scalar.value === MARK;
    const from = lineStart + head.length + quote.length;
    const isWholeKey = /^[\w./-]*["']?:/.test(text.slice(offset, lineEnd));
    const shared = { prefix: typed, from, isItem: form === 'item', isWholeKey, tree };
    if (part === 'key') return { part: 'key', path: path.slice(0, -1), ...shared };
    return { part: isWhole ? 'value' : 'inside', path, ...shared };
  }
  return undefined;
}

type Form = readonly [form: 'item' | 'key' | 'value', head: string, quote: string, typed: string];

function formOf(before: string): Form | undefined {
  const value = VALUE.exec(before);
  if (value !== null) return ['value', value[1] ?? '', value[2] ?? '', value[3] ?? ''];
  const item = ITEM.exec(before);
  if (item !== null) return ['item', item[1] ?? '', item[2] ?? '', item[3] ?? ''];
  const key = KEY.exec(before);
  return key === null ? undefined : ['key', key[1] ?? '', key[2] ?? '', key[3] ?? ''];
}

/**
 * The text of an expression from its `${` to the cursor. `undefined` when the line has no unclosed `${` before the
 * cursor.
 */
export function expressionBefore(
  text: string,
  offset: number,
): { readonly text: string; readonly from: number } | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  const open = before.lastIndexOf('${');
  if (open < 0) return undefined;
  const inside = before.slice(open + 2);
  let depth = 0;
  for (const character of inside.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')) {
    if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    if (depth < 0) return undefined;
  }
  return { text: inside, from: lineStart + open + 2 };
}
