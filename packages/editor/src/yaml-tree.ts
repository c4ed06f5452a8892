import type { CST, Node } from 'yaml';
import { type JsonValue, setOwn, yamlLibrary } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import type { Span } from './editor-text.ts';

/** A scalar as written. `value` is its text without quotes, escapes and line folding. */
export interface YamlScalar extends Span {
  readonly kind: 'scalar';
  readonly value: string;
}

/** A member of a map. */
export interface YamlMember {
  readonly key: YamlScalar;
  readonly value: YamlNode | undefined;
}

/** A node of a tree. Spans are offsets in the text that was parsed. */
export type YamlNode =
  | YamlScalar
  | (Span & { readonly kind: 'map'; readonly members: readonly YamlMember[] })
  | (Span & { readonly kind: 'list'; readonly items: readonly (YamlNode | undefined)[] });

/** A key or a scalar of a tree, with the path of its value. */
export interface YamlPlace {
  readonly path: readonly PathStep[];
  readonly part: 'key' | 'value';
  readonly scalar: YamlScalar;
}

/**
 * The maximum depth of a tree. Deeper nodes are left out, because `parseDefinitions` refuses documents that have them.
 */
const MAX_DEPTH = 200;

/** The maximum length of a document, in UTF-16 units. `parseDefinitions` refuses a longer one. */
const MAX_TREE_LENGTH = 3 * 1024 * 1024;

/**
 * The syntax tree of one document. The parser is that of `parseDefinitions`; it continues after an error, so a document
 * with errors also has a tree. `undefined` for a document that is empty, too long, or nested far too deeply.
 */
export function parseTree(text: string): YamlNode | undefined {
  if (text.length > MAX_TREE_LENGTH) return undefined;
  const { Composer, Lexer, Parser } = yamlLibrary();
  const parser = new Parser();
  let isTooDeep = false;
  function* tokens(): Generator<CST.Token> {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      // The stack may have two tokens per level. `treeOf` leaves out nodes that are only slightly too deep.
      isTooDeep = parser.stack.length > 4 * MAX_DEPTH;
      if (isTooDeep) return;
    }
    yield* parser.end();
  }
  const composer = new Composer({
    schema: 'failsafe',
    strict: false,
    uniqueKeys: false,
    keepSourceTokens: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const [document] = composer.compose(tokens(), true, text.length);
  return document === undefined || isTooDeep ? undefined : treeOf(document.contents, 0);
}

function treeOf(node: Node | null, depth: number): YamlNode | undefined {
  const { isMap, isScalar, isSeq } = yamlLibrary();
  if (node === null || depth > MAX_DEPTH) return undefined;
  const [from = 0, to = from] = node.range ?? [];
  if (isScalar(node)) return scalarOf(node, { from, to });
  if (isSeq(node)) {
    return { kind: 'list', from, to, items: node.items.map((item) => treeOf(item as Node | null, depth + 1)) };
  }
  if (!isMap(node)) return undefined;
  const members = node.items.flatMap(({ key, value }): YamlMember[] => {
    if (!isScalar(key)) return [];
    const [start = 0, end = start] = key.range ?? [];
    const written = scalarOf(key, { from: start, to: end });
    return [{ key: written, value: treeOf(value as Node | null, depth + 1) }];
  });
  return { kind: 'map', from, to, members };
}

function scalarOf(node: { readonly value: unknown; readonly type?: string | null }, span: Span): YamlScalar {
  const value = typeof node.value === 'string' ? node.value : '';
  return { kind: 'scalar', ...span, value };
}

/** The member or item at a path; `undefined` when there is none. */
export function memberAt(
  root: YamlNode | undefined,
  path: readonly PathStep[],
): { readonly key?: YamlScalar; readonly value: YamlNode | undefined } | undefined {
  let found: { readonly key?: YamlScalar; readonly value: YamlNode | undefined } = { value: root };
  for (const step of path) {
    const { value } = found;
    if (value?.kind === 'map') {
      const member = value.members.find(({ key }) => key.value === String(step));
      if (member === undefined) return undefined;
      found = member;
    } else if (value?.kind === 'list' && typeof step === 'number' && step < value.items.length) {
      found = { value: value.items[step] };
    } else return undefined;
  }
  return found;
}

/** The value at a path. */
export function yamlNodeAt(root: YamlNode | undefined, path: readonly PathStep[]): YamlNode | undefined {
  return memberAt(root, path)?.value;
}

/** All keys and scalars in the order of the text. */
export function* placesIn(root: YamlNode | undefined, path: readonly PathStep[] = []): Generator<YamlPlace> {
  if (root === undefined) return;
  if (root.kind === 'scalar') yield { path, part: 'value', scalar: root };
  else if (root.kind === 'list') {
    for (const [index, item] of root.items.entries()) yield* placesIn(item, [...path, index]);
  } else {
    for (const { key, value } of root.members) {
      const inner = [...path, key.value];
      yield { path: inner, part: 'key', scalar: key };
      yield* placesIn(value, inner);
    }
  }
}

/** The key or scalar that contains an offset, or ends at it. */
export function placeAt(root: YamlNode | undefined, offset: number): YamlPlace | undefined {
  let node = root;
  const path: PathStep[] = [];
  const isIn = ({ from, to }: Span): boolean => from <= offset && offset <= to;
  while (node !== undefined) {
    if (node.kind === 'scalar') return isIn(node) ? { path, part: 'value', scalar: node } : undefined;
    if (node.kind === 'list') {
      const index = node.items.findLastIndex((item) => item !== undefined && item.from <= offset);
      if (index < 0) return undefined;
      path.push(index);
      node = node.items[index];
      continue;
    }
    const member = node.members.findLast(({ key }) => key.from <= offset);
    if (member === undefined) return undefined;
    path.push(member.key.value);
    if (isIn(member.key)) return { path, part: 'key', scalar: member.key };
    node = member.value;
  }
  return undefined;
}

/** The value of a tree as JSON. An empty scalar without quotes is null. Every other scalar is a string. */
export function looseValue(node: YamlNode | undefined): JsonValue {
  if (node === undefined) return null;
  if (node.kind === 'scalar') return node.from === node.to ? null : node.value;
  if (node.kind === 'list') return node.items.map(looseValue);
  const object = {};
  for (const { key, value } of node.members) setOwn(object, key.value, looseValue(value));
  return object;
}
