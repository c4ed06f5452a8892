import type { Hover, Position } from 'vscode-languageserver';
import { typeToString } from '@typekro/cel';
import type { ExpressionScope } from '@typekro/engine/graph';
import type { SchemaSource } from '@typekro/engine/schema';
import { detailOf } from './completion/expression-items.ts';
import { MARKERS, SIMPLE_TYPES } from './completion/simple-schema-items.ts';
import { convertedFieldMarkdown } from './converted-fields.ts';
import { descriptionOf, fieldMarkdown, kindDescription } from './describe.ts';
import type { EditorDocument, PlacedPart } from './editor-document.ts';
import type { WrittenExpression } from './expressions-of-text.ts';
import { functionsNamed } from './known-functions.ts';
import { isDefinitionValue, isSimpleSchemaField, objectPlace } from './object-places.ts';
import { type MacroCall, beforeCursor, typeOfReceiver } from './receiver.ts';
import { scopesOf } from './scopes.ts';
import type { Span } from './editor-text.ts';
import { placeAt } from './yaml-tree.ts';

/** An explanation in Markdown, and the span of the part that it explains. */
interface Found extends Span {
  readonly markdown: string;
}

/** Explains the name, field, function, marker or kind at a position. */
export function hoverAt(document: EditorDocument, position: Position, source: SchemaSource): Hover | undefined {
  const offset = document.text.offsetAt(position);
  const placed = document.partAt(offset);
  if (placed === undefined) return undefined;
  const found = explain(placed, offset - placed.from, source);
  if (found === undefined) return undefined;
  const range = document.text.rangeOf({ from: found.from + placed.from, to: found.to + placed.from });
  return { contents: { kind: 'markdown', value: found.markdown }, range };
}

function explain({ part }: PlacedPart, offset: number, source: SchemaSource): Found | undefined {
  const expression = part.expressions.find(({ from, to }) => from <= offset && offset <= to);
  if (expression !== undefined) {
    const scope = scopesOf(part, source)?.at(expression.path);
    return scope === undefined ? undefined : inExpression(expression, expression.fromChunk(offset), scope);
  }
  const place = placeAt(part.tree, offset);
  if (place === undefined) return undefined;
  const { path, scalar } = place;
  const { from, to } = scalar;
  if (isDefinitionValue(part.value) && isSimpleSchemaField(path) && place.part === 'value') {
    return inSimpleSchema(part.text, offset, { from, to });
  }
  const converted = convertedFieldMarkdown(scopesOf(part, source)?.conversionAt(path), place);
  if (converted !== undefined) return { from, to, markdown: converted };
  const object = objectPlace(part.value, path, source);
  if (object === undefined) return undefined;
  const [field] = object.fields;
  if (place.part === 'value' && object.fields.length === 1 && (field === 'kind' || field === 'apiVersion')) {
    const about = descriptionOf(object.type, [], source.schemaOf(object.type));
    const deprecated = source.resourceOf(object.type)?.deprecated;
    const parts = [`**${kindDescription(object.type)}**`, deprecated && `Deprecated: ${deprecated}`, about];
    return { from, to, markdown: parts.filter((part) => part !== undefined).join('\n\n') };
  }
  if (object.schema === undefined || typeof path.at(-1) !== 'string') return undefined;
  const description = descriptionOf(object.type, object.fields, object.schema);
  const extra = [`of ${kindDescription(object.type)}`];
  return {
    from,
    to,
    markdown: fieldMarkdown(String(path.at(-1)), object.schema, object.isRequired, description, extra),
  };
}

function inSimpleSchema(text: string, offset: number, span: Span): Found | undefined {
  const before = /[A-Za-z]*$/.exec(text.slice(span.from, offset))?.[0] ?? '';
  const after = /^[A-Za-z]*/.exec(text.slice(offset, span.to))?.[0] ?? '';
  const word = before + after;
  const found = { from: offset - before.length, to: offset + after.length };
  const [meaning, example] = Object.hasOwn(MARKERS, word) ? (MARKERS[word] ?? []) : [];
  if (meaning !== undefined) return { ...found, markdown: `**${word}**\n\n${meaning}\n\n\`${example ?? word}\`` };
  const type = Object.hasOwn(SIMPLE_TYPES, word) ? SIMPLE_TYPES[word] : undefined;
  return type === undefined ? undefined : { ...found, markdown: `**${word}**\n\n${type}` };
}

function inExpression(expression: WrittenExpression, offset: number, scope: ExpressionScope): Found | undefined {
  const { text } = expression;
  const word = wordAt(text, offset);
  if (word === undefined) return undefined;
  const span = { from: expression.toChunk(word.from), to: expression.toChunk(word.to) };
  const name = text.slice(word.from, word.to);
  const { receiver, macros } = beforeCursor(text.slice(0, word.to));
  const isCall = /^\s*\(/.test(text.slice(word.to));
  if (isCall) {
    const signatures = functionsNamed(name, receiver).flatMap((each) => each.signatures);
    return signatures.length === 0 ? undefined : { ...span, markdown: code(signatures.join('\n')) };
  }
  if (receiver === undefined) {
    const known = scope.nameOf(name);
    const isBound = macros.some(({ variables }) => variables.includes(name));
    if (known === undefined && !isBound) return undefined;
    const type = typeOfReceiver(scope, name, macros);
    const shown = type === undefined ? '' : `\n\n\`${plainType(typeToString(type))}\``;
    return {
      ...span,
      markdown: `**${name}**: ${known === undefined ? 'variable of the macro' : detailOf(known)}${shown}`,
    };
  }
  return fieldHover(scope, { receiver, name, macros }, span);
}

function fieldHover(
  scope: ExpressionScope,
  {
    receiver,
    name,
    macros,
  }: { readonly receiver: string; readonly name: string; readonly macros: readonly MacroCall[] },
  span: Span,
): Found | undefined {
  const owner = typeOfReceiver(scope, receiver, macros);
  const inner = owner?.kind === 'opaque' ? owner.params[0] : owner;
  const schema = inner?.kind === 'struct' ? scope.schemaOfType(inner.name) : undefined;
  const member =
    schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (member !== undefined) {
    const isRequired = schema?.required?.includes(name) === true;
    return { ...span, markdown: fieldMarkdown(name, member, isRequired, member.description) };
  }
  const type = typeOfReceiver(scope, `${receiver}.${name}`, macros);
  return type === undefined ? undefined : { ...span, markdown: `**${name}** \`${plainType(typeToString(type))}\`` };
}

/** The name at an offset. */
export function wordAt(text: string, offset: number): Span | undefined {
  const before = /[A-Za-z_]\w*$/.exec(text.slice(0, offset))?.[0] ?? '';
  const after = /^\w*/.exec(text.slice(offset))?.[0] ?? '';
  const word = before + after;
  return /^[A-Za-z_]/.test(word) ? { from: offset - before.length, to: offset + after.length } : undefined;
}

const code = (text: string): string => `\`\`\`cel\n${text}\n\`\`\``;

/** Removes kro's prefix from type names: `__type_web.spec` becomes `web.spec`. */
const plainType = (text: string): string => text.replaceAll('__type_', '');
