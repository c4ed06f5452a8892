import type { Document, Node, Scalar, YAMLMap } from 'yaml';
import { jsonEquals, yamlLibrary } from '@typekro/kit/core';
import { type PathStep, GraphObject, isDefinition, parseDefinitions, scanExpressions } from '@typekro/engine/graph';
import { formatExpression } from './format-expression.ts';
import { orderedKeys } from './ordered-keys.ts';
import { mapTexts } from '@typekro/app/instance';
import { type Edit, lineEndOf, reorderMap } from './reorder.ts';

/**
 * Formats the definitions and Graphs in a YAML file. The keys get the usual order, and expressions get the format of
 * CEL's printer. The file gets one line feed at its end. Other documents, comments, quotes and indentation do not
 * change. In a scalar, nothing after an expression with escapes or line breaks of YAML changes. The order of keys does not change in a
 * document with anchors or aliases, or in a map whose lines `reorderMap` cannot move. An edit that would change the
 * meaning is left out. For example, `${a?1:2}` without quotes is not changed, because the `: ` in the result would be
 * YAML syntax. Formatting is idempotent. The text must have no errors.
 */
export function formatDefinitions(text: string): string {
  let result = text;
  for (const edits of [expressionEdits, keyEdits]) {
    // Moving keys changes the offsets of inner maps. Each round therefore reorders only the outermost unordered maps,
    // and the next round parses the new text.
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const next = applySound(
        result,
        edits(result).toSorted((a, b) => a.from - b.from),
      );
      if (next === result) break;
      result = next;
    }
  }
  // The expression reads back from the end, and therefore each blank once.
  const [body] = /^[^]*[^ \t\r\n]/.exec(result) ?? [];
  const ended = body === undefined ? result : `${body}${lineEndOf(result)}`;
  return ended === result || isSame(result, ended) ? ended : result;
}

/**
 * The maximum number of rounds. Each round orders one level of nodes, and an additional last round finds no edits. The
 * number is therefore `MAX_DEPTH` plus one.
 */
const MAX_ROUNDS = 101;

/**
 * Applies the edits that do not change the meaning of the text. If all edits together change the meaning, tries each
 * half of them separately.
 *
 * @param edits in the order of their offsets, without overlaps
 */
function applySound(text: string, edits: readonly Edit[]): string {
  const next = applyEdits(text, edits);
  if (next === text || isSame(text, next)) return next;
  if (edits.length === 1) return text;
  const middle = Math.floor(edits.length / 2);
  // The second half is applied first, because it does not change the offsets of the first half.
  return applySound(applySound(text, edits.slice(middle)), edits.slice(0, middle));
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  const pieces = edits.map(({ from, text: written }, index) => text.slice(edits[index - 1]?.to ?? 0, from) + written);
  return pieces.join('') + text.slice(edits.at(-1)?.to ?? 0);
}

/** Do the two texts have the same objects, apart from the format of expressions? */
function isSame(one: string, other: string): boolean {
  const [before, after] = [one, other].map((text) => parseDefinitions(text));
  if (before === undefined || after === undefined || after.diagnostics.length > before.diagnostics.length) return false;
  const values = before.documents.map(({ value }) => mapTexts(value, formatText));
  return (
    values.length === after.documents.length &&
    values.every((value, index) => jsonEquals(value, mapTexts(after.documents[index]?.value ?? null, formatText)))
  );
}

/** Formats the expressions in a text. */
function formatText(text: string): string {
  const scanned = text.includes('${') ? scanExpressions(text) : undefined;
  if (scanned?.ok !== true) return text;
  return scanned.parts
    .map(({ kind, text: part }) => (kind === 'text' ? part : `\${${formatExpression(part)}}`))
    .join('');
}

interface Place {
  readonly document: Document.Parsed;
  readonly node: Node;
  readonly path: readonly PathStep[];
}

/** Lists the YAML nodes of all definitions and Graphs. A parent comes before its children. */
function nodesOf(text: string): Place[] {
  const { parseAllDocuments, isMap, isSeq, isNode } = yamlLibrary();
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    keepSourceTokens: false,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const places: Place[] = [];
  const visit = (document: Document.Parsed, node: unknown, path: readonly PathStep[]): void => {
    if (!isNode(node) || path.length > MAX_DEPTH) return;
    places.push({ document, node, path });
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(document, item, [...path, index]);
    if (!isMap(node)) return;
    for (const { key, value } of node.items) visit(document, value, [...path, String((key as Scalar).value)]);
  };
  for (const document of Array.isArray(documents) ? documents : []) {
    // The object itself is not made: the library looks for the anchor of each alias from the start of the document.
    const [apiVersion, kind] = ['apiVersion', 'kind'].map((key) => document.get(key));
    if (document.errors.length > 0 || typeof apiVersion !== 'string' || typeof kind !== 'string') continue;
    const object = { apiVersion, kind, metadata: { name: '' } };
    if (isDefinition(object) || GraphObject.is(object)) visit(document, document.contents, []);
  }
  return places;
}

/** The maximum depth of nodes that are formatted. */
const MAX_DEPTH = 100;

/** The edits that put the keys of the outermost unordered maps into the usual order. */
function keyEdits(text: string): Edit[] {
  const { isAlias, isMap } = yamlLibrary();
  const edits: Edit[] = [];
  const withAliases = new Set<Document.Parsed>();
  const places = nodesOf(text);
  // Documents with aliases are skipped, because a move could put an alias before its anchor.
  for (const { document, node } of places)
    if (isAlias(node) || (node as { readonly anchor?: string }).anchor !== undefined) withAliases.add(document);
  for (const { document, node, path } of places) {
    if (!isMap(node) || withAliases.has(document)) continue;
    const edit = editOf(text, node, path);
    // A parent comes before its children, so the former edits are in order.
    if (edit !== undefined && edit.from >= (edits.at(-1)?.to ?? 0)) edits.push(edit);
  }
  return edits;
}

function editOf(text: string, map: YAMLMap, path: readonly PathStep[]): Edit | undefined {
  const keys = map.items.map(({ key }) => String((key as Scalar).value));
  const order = orderedKeys(path, keys);
  return order === undefined ? undefined : reorderMap(text, map, order);
}

/** The edits that replace expressions by the output of CEL's printer. */
function expressionEdits(text: string): Edit[] {
  const { isScalar } = yamlLibrary();
  return nodesOf(text).flatMap(({ node }) => {
    if (!isScalar(node) || typeof node.value !== 'string' || !node.value.includes('${')) return [];
    const [from, to] = node.range ?? [0, 0];
    const scanned = scanExpressions(node.value);
    if (!scanned.ok || from === to) return [];
    const raw = text.slice(from, to);
    let read = 0;
    return scanned.parts.flatMap(({ kind, text: written }): Edit[] => {
      const formatted = kind === 'expression' ? formatExpression(written) : written;
      // Without quotes, `: ` is YAML syntax. Each such edit would be found only by a parse of the whole text.
      if (formatted === written || (node.type === 'PLAIN' && formatted.includes(': '))) return [];
      const old = encoded(written, node.type);
      const at = raw.indexOf(`\${${old}}`, read) + 2;
      read = at < 2 ? raw.length : at + old.length;
      return at < 2 ? [] : [{ from: from + at, to: from + read, text: encoded(formatted, node.type) }];
    });
  });
}

/** Escapes a string for a YAML scalar of this style. */
function encoded(text: string, style: string | undefined): string {
  if (style === 'QUOTE_SINGLE') return text.replaceAll("'", "''");
  return style === 'QUOTE_DOUBLE' ? text.replaceAll(/["\\]/g, (character) => `\\${character}`) : text;
}
