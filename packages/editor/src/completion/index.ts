import type { CompletionItem, Position } from 'vscode-languageserver';
import type { JsonValue } from '@typekro/kit/core';
import type { ExpressionScope } from '@typekro/engine/graph';
import { type SchemaSource, valueAtSteps } from '@typekro/engine/schema';
import { convertedFieldItems } from '../converted-fields.ts';
import { type CursorPlace, cursorPlace, expressionBefore } from '../cursor-place.ts';
import type { EditorDocument, PlacedPart } from '../editor-document.ts';
import { isDefinitionValue, isSimpleSchemaField, objectPlace, simpleSchemaDepth } from '../object-places.ts';
import { scopesOf, scopesOfValue } from '../scopes.ts';
import { looseValue } from '../yaml-tree.ts';
import { expressionItems } from './expression-items.ts';
import { fieldItems, valueItems } from './fields.ts';
import { simpleSchemaItems } from './simple-schema-items.ts';

/**
 * The maximum number of completions in one response. A response of this length may be incomplete, so a client requests
 * the completions again while the user types.
 */
export const MAX_COMPLETIONS = 500;

/**
 * The completions at a position of a document, at most {@link MAX_COMPLETIONS}. If there are more, only those that
 * contain the typed word are returned. The document may be incomplete at the cursor.
 */
export function completionsAt(
  document: EditorDocument,
  position: Position,
  source: SchemaSource,
): readonly CompletionItem[] {
  const offset = document.text.offsetAt(position);
  const placed = document.partAt(offset);
  if (placed === undefined) return [];
  const within = offset - placed.from;
  const found = inExpression(placed, within, source) ?? inYaml(placed, within, source);
  if (found === undefined) return [];
  const range = document.text.rangeOf({ from: placed.from + found.from, to: offset });
  const word = placed.part.text.slice(found.from, within);
  return fittingItems(found.items, word).map(({ insertText, ...item }) => ({
    ...item,
    filterText: item.filterText ?? item.label,
    textEdit: { range, newText: insertText ?? item.label },
  }));
}

function fittingItems(items: readonly CompletionItem[], word: string): readonly CompletionItem[] {
  if (items.length <= MAX_COMPLETIONS) return items;
  const typed = word.toLowerCase();
  const fits = ({ filterText, label }: CompletionItem) => (filterText ?? label).toLowerCase().includes(typed);
  return items.filter(fits).slice(0, MAX_COMPLETIONS);
}

interface Found {
  readonly items: readonly CompletionItem[];
  /** The offset in the part at which the replaced text begins. */
  readonly from: number;
}

function inExpression(placed: PlacedPart, offset: number, source: SchemaSource): Found | undefined {
  const open = openExpression(placed, offset, source);
  if (open === undefined) return undefined;
  const { items, word } = expressionItems(open.scope, open.text);
  return { items, from: offset - word.length };
}

/** The text of an expression up to an offset, and the names that it can read. */
export function openExpression(
  { part }: PlacedPart,
  offset: number,
  source: SchemaSource,
): { readonly scope: ExpressionScope; readonly text: string } | undefined {
  const closed = part.expressions.find(({ from, to }) => from <= offset && offset <= to);
  if (closed !== undefined) {
    const scope = scopesOf(part, source)?.at(closed.path);
    return scope === undefined ? undefined : { scope, text: closed.text.slice(0, closed.fromChunk(offset)) };
  }
  const open = expressionBefore(part.text, offset);
  const place = open === undefined ? undefined : cursorPlace(part.text, offset);
  if (open === undefined || place === undefined) return undefined;
  const scope = scopesOfValue(looseValue(place.tree), source)?.at(place.path);
  return scope === undefined ? undefined : { scope, text: open.text };
}

function inYaml({ part }: PlacedPart, offset: number, source: SchemaSource): Found | undefined {
  const cursor = cursorPlace(part.text, offset);
  if (cursor === undefined) return undefined;
  const value = looseValue(cursor.tree);
  const isSimple = isDefinitionValue(value) && isSimpleSchemaField(cursor.path);
  if (isSimple && cursor.part !== 'key') {
    const word = /[^\s|=]*$/.exec(cursor.prefix)?.[0] ?? '';
    const block = valueAtSteps(value, cursor.path.slice(0, simpleSchemaDepth(cursor.path) - 1));
    return { items: simpleSchemaItems(block, cursor.prefix), from: offset - word.length };
  }
  if (cursor.part === 'inside') return undefined;
  // In a flow list (`lossy: [a, b`), only the item at the cursor is replaced.
  const before = cursor.part === 'value' ? (/^\[(?:.*,)?\s*/.exec(cursor.prefix)?.[0].length ?? 0) : 0;
  return { items: yamlItems(cursor, value, source), from: cursor.from + before };
}

function yamlItems(cursor: CursorPlace, value: JsonValue, source: SchemaSource): readonly CompletionItem[] {
  // Scopes are made only where a conversion can be.
  const conversion =
    cursor.path[2] === 'versions' ? scopesOfValue(value, source)?.conversionAt(cursor.path) : undefined;
  if (conversion !== undefined) return convertedFieldItems(conversion, cursor);
  const place = objectPlace(value, cursor.path, source);
  if (place === undefined) {
    const isRoot = cursor.path.length === 0 && cursor.part === 'key';
    return isRoot
      ? fieldItems({ type: NO_TYPE, root: [], fields: [], schema: undefined, isRequired: false }, cursor)
      : [];
  }
  if (cursor.part === 'key') return fieldItems(place, cursor);
  const isObjectItem = cursor.isItem && place.schema?.properties !== undefined;
  return isObjectItem ? fieldItems(place, cursor) : valueItems(place, undefined, source);
}

const NO_TYPE = { group: '', version: '', kind: '' };
