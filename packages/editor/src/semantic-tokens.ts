import type { SemanticTokensLegend } from 'vscode-languageserver';
import { tokenize } from '@typekro/cel';
import type { ExpressionScope } from '@typekro/engine/graph';
import { type SchemaSource, Marker } from '@typekro/engine/schema';
import type { DocumentPart, EditorDocument } from './editor-document.ts';
import type { WrittenExpression } from './expressions-of-text.ts';
import { isDefinitionValue, isSimpleSchemaField } from './object-places.ts';
import { scopesOf } from './scopes.ts';
import type { Span } from './editor-text.ts';
import { placesIn } from './yaml-tree.ts';

/** The types of tokens. The index of a type is its number in the response. */
const TYPES = [
  'macro',
  'variable',
  'parameter',
  'property',
  'function',
  'string',
  'number',
  'keyword',
  'operator',
  'type',
  'decorator',
] as const;

type TokenType = (typeof TYPES)[number];

/** The legend that the server announces. */
export const TOKENS_LEGEND: SemanticTokensLegend = { tokenTypes: [...TYPES], tokenModifiers: [] };

interface Token extends Span {
  readonly type: TokenType;
}

/**
 * The tokens of expressions and of SimpleSchema, in the encoding of the protocol. A grammar of YAML does not mark these
 * tokens.
 */
export function tokensOf(document: EditorDocument, source: SchemaSource): readonly number[] {
  const data: number[] = [];
  let [lastLine, lastCharacter] = [0, 0];
  for (const { part, from } of document.parts) {
    const tokens = [...expressionTokens(part, source), ...simpleTokens(part)].toSorted((a, b) => a.from - b.from);
    for (const token of tokens) {
      const { line, character } = document.text.positionAt(token.from + from);
      const length = Math.min(token.to + from, document.text.lineEnd(line)) - (token.from + from);
      if (length <= 0) continue;
      data.push(
        line - lastLine,
        line === lastLine ? character - lastCharacter : character,
        length,
        TYPES.indexOf(token.type),
        0,
      );
      [lastLine, lastCharacter] = [line, character];
    }
  }
  return data;
}

function expressionTokens(part: DocumentPart, source: SchemaSource): Token[] {
  const scopes = scopesOf(part, source);
  return part.expressions.flatMap((expression) => {
    const scope = scopes?.at(expression.path);
    const braces: Token[] = [
      { type: 'macro', from: expression.from - 2, to: expression.from },
      { type: 'macro', from: expression.to, to: expression.to + 1 },
    ];
    return [...braces, ...celTokens(expression, scope)];
  });
}

function celTokens(expression: WrittenExpression, scope: ExpressionScope | undefined): Token[] {
  const { text } = expression;
  const { tokens } = tokenize(text);
  return tokens.flatMap(({ start, end }): Token[] => {
    if (end <= start) return [];
    const word = text.slice(start, end);
    const before = text.slice(0, start).trimEnd();
    const type = tokenType(word, /\.\??$/.test(before), /^\s*\(/.test(text.slice(end)), scope);
    return type === undefined ? [] : [{ type, from: expression.toChunk(start), to: expression.toChunk(end) }];
  });
}

function tokenType(
  word: string,
  isMember: boolean,
  isCall: boolean,
  scope: ExpressionScope | undefined,
): TokenType | undefined {
  if (/^(?:true|false|null|in)$/.test(word) && !isMember) return 'keyword';
  if (/^[rRbB]*["']/.test(word)) return 'string';
  if (/^\.?\d/.test(word)) return 'number';
  if (/^[A-Za-z_`]/.test(word)) {
    if (isCall) return 'function';
    if (isMember) return 'property';
    return scope?.nameOf(word) !== undefined ? 'variable' : 'parameter';
  }
  return /^[=!<>&|+\-*/%?:]+$/.test(word) ? 'operator' : undefined;
}

const MARKERS: ReadonlySet<string> = new Set([...Marker.KEYS, ...Marker.GATED_KEYS]);

function simpleTokens(part: DocumentPart): Token[] {
  if (!isDefinitionValue(part.value)) return [];
  return [...placesIn(part.tree)].flatMap(({ path, part: what, scalar }): Token[] => {
    if (what !== 'value' || !isSimpleSchemaField(path)) return [];
    const text = part.text.slice(scalar.from, scalar.to);
    const bar = text.includes('|') ? text.indexOf('|') : text.length;
    const span = (index: number, length: number) => ({ from: scalar.from + index, to: scalar.from + index + length });
    const types = [...text.slice(0, bar).matchAll(/[A-Za-z]\w*/g)].map(({ 0: word, index }): Token => ({
      type: 'type',
      ...span(index, word.length),
    }));
    const markers = [...text.slice(bar).matchAll(/(?<=[\s|])([A-Za-z]+)(?==|\s|$)/g)]
      .filter(([word]) => MARKERS.has(word))
      .map(({ 0: word, index }): Token => ({ type: 'decorator', ...span(bar + index, word.length) }));
    return [...types, ...markers];
  });
}
