import type { Document, ParsedNode, Range, YAMLMap, YAMLSeq } from 'yaml';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject, jsonEquals, stringifyJson, tryParseJson, YAML_OUTPUT, yamlLibrary } from '@typekro/kit/core';

/** A range of a text and its replacement. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Edits the text of a kubeconfig so that it has another value. In YAML, all other bytes stay the same: the layout,
 * comments, line ends, and plain words such as `yes`, which a YAML printer would quote. A JSON text is printed again
 * with its indentation.
 *
 * @param after the value that the text gets
 * @returns `undefined` for a text whose layout does not allow such an edit; the caller then prints the whole document
 */
export function changedText(before: string, after: JsonObject): string | undefined {
  if (isJsonObject(tryParseJson(before))) {
    const indent = /^\s*\{\s*?\n( +)"/.exec(before)?.[1]?.length;
    return `${stringifyJson(after, indent)}${/\s*$/.exec(before)?.[0] ?? ''}`;
  }
  const document = yamlLibrary().parseDocument(before, YAML_OUTPUT);
  const { contents: root } = document;
  if (!yamlLibrary().isMap(root) || root.flow === true) return undefined;
  const edits = editsOf(before, document, root, after);
  if (edits === undefined) return undefined;
  const text = edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((all, edit) => all.slice(0, edit.start) + edit.text + all.slice(edit.end), before);
  return hasValue(text, after) ? text : undefined;
}

/** Does the text have this value? */
function hasValue(text: string, value: JsonObject): boolean {
  const document = yamlLibrary().parseDocument(text, YAML_OUTPUT);
  return document.errors.length === 0 && jsonEquals(document.toJS() as JsonValue, value);
}

function editsOf(
  before: string,
  document: Document,
  root: YAMLMap<unknown, ParsedNode | null>,
  after: JsonObject,
): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  const added: JsonObject = {};
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const pair = root.items.find((each) => yamlLibrary().isScalar(each.key) && each.key.value === key);
    if (pair === undefined) {
      added[key] = value;
      continue;
    }
    const node = pair.value;
    if (node === null || node.range === undefined || node.range === null) return undefined;
    if (jsonEquals(node.toJS(document) as JsonValue, value)) continue;
    const isList = yamlLibrary().isSeq(node) && node.flow !== true && node.items.length > 0;
    const found =
      isList && Array.isArray(value) && value.length > 0
        ? editsOfList(before, document, node, value)
        : [replaceValue(before, node.range, value)];
    if (found === undefined) return undefined;
    for (const each of found) edits.push(each);
  }
  if (Object.keys(added).length > 0) {
    const gap = before === '' || before.endsWith('\n') ? '' : lineEnd(before);
    edits.push({ start: before.length, end: before.length, text: `${gap}${blockText(before, added, '')}` });
  }
  return edits;
}

/**
 * Replaces the value of a member. If the new value is a string and the old value is not empty, only the bytes of the
 * old value are replaced. Any other change replaces all bytes from the colon to the end of the old value.
 */
function replaceValue(before: string, [start, valueEnd]: Range, value: JsonValue): Edit {
  const text = blockText(before, { key: value }, '').slice('key:'.length).trimEnd();
  if (typeof value === 'string' && valueEnd > start) return { start, end: valueEnd, text: text.trimStart() };
  const colon = before.slice(0, start).trimEnd().length;
  const end = before.slice(0, valueEnd).trimEnd().length;
  return { start: colon, end: Math.max(colon, end), text };
}

/**
 * Returns the edits of a list in block style. An old item is replaced by the new item of the same name, or removed. The
 * other new items are added at the end.
 */
function editsOfList(
  before: string,
  document: Document,
  list: YAMLSeq<ParsedNode>,
  after: readonly JsonValue[],
): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  const missing = [...after];
  let indent = '';
  let last = 0;
  for (const item of list.items) {
    const lines = linesOf(before, item);
    if (lines === undefined) return undefined;
    ({ indent } = lines);
    last = lines.end;
    const value = item.toJS(document) as JsonValue;
    const index = missing.findIndex((each) => nameOf(each) === nameOf(value));
    const [next] = index < 0 ? [] : missing.splice(index, 1);
    if (next !== undefined && jsonEquals(next, value)) continue;
    edits.push({
      start: lines.start,
      end: lines.end,
      text: next === undefined ? '' : blockText(before, [next], indent),
    });
  }
  if (missing.length > 0) {
    const gap = before[last - 1] === '\n' ? '' : lineEnd(before);
    edits.push({ start: last, end: last, text: `${gap}${blockText(before, missing, indent)}` });
  }
  return edits;
}

/**
 * The lines of a list item, including its dash; `undefined` when the first line contains other text before the dash.
 */
function linesOf(before: string, { range }: ParsedNode): { start: number; end: number; indent: string } | undefined {
  const start = before.lastIndexOf('\n', range[0] - 1) + 1;
  const dash = /^( *)- +$/.exec(before.slice(start, range[0]));
  if (dash === null) return undefined;
  const isEnded = before[range[1] - 1] === '\n';
  const next = before.indexOf('\n', range[1]);
  return { start, end: isEnded ? range[1] : next < 0 ? before.length : next + 1, indent: dash[1] ?? '' };
}

const nameOf = (entry: JsonValue): JsonValue | undefined => (isJsonObject(entry) ? entry['name'] : undefined);

const lineEnd = (before: string): string => (before.includes('\r\n') ? '\r\n' : '\n');

/** Prints a value in block form, with the line ends of the text. */
function blockText(before: string, value: JsonValue, indent: string): string {
  const text = yamlLibrary().stringify(value, { ...YAML_OUTPUT, lineWidth: 0, indentSeq: false });
  return text.replaceAll(/^(?=.)/gm, indent).replaceAll('\n', lineEnd(before));
}
