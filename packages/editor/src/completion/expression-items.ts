import type { CompletionItem } from 'vscode-languageserver';
import { type CelType, escapeFieldName, isOptional, typeToString } from '@typekro/cel';
import type { ExpressionScope } from '@typekro/engine/graph';
import { type Schema, FieldDescription } from '@typekro/engine/schema';
import { kindDescription } from '../describe.ts';
import { knownFunctions, membersOfType } from '../known-functions.ts';
import { type BeforeCursor, beforeCursor, typeOfReceiver } from '../receiver.ts';
import { ItemKind } from './fields.ts';

/** The completions of an expression, and the partly typed name that they replace. */
export interface ExpressionItems {
  readonly items: readonly CompletionItem[];
  readonly word: string;
}

/**
 * Returns the completions at the end of an expression: names, functions, macros, and the fields in the schema of the
 * receiver. The expression ends at the cursor.
 */
export function expressionItems(scope: ExpressionScope, text: string): ExpressionItems {
  const before = beforeCursor(text);
  const { word, receiver } = before;
  if (receiver === undefined) return { word, items: nameItems(scope, before) };
  const type = typeOfReceiver(scope, receiver, before.macros);
  if (type === undefined) return { word, items: namespaceItems(receiver) };
  return {
    word,
    items: [...fieldsOfType(scope, type, before, receiver), ...(before.isOptional ? [] : methodItems(type))],
  };
}

function nameItems(scope: ExpressionScope, { macros }: BeforeCursor): readonly CompletionItem[] {
  const bound = macros.flatMap(({ variables }) => variables);
  const functions = new Map(
    knownFunctions()
      .filter(({ isMember }) => !isMember)
      .map((each) => [each.name, each]),
  );
  return [
    ...bound.map((label) => ({ label, kind: ItemKind.variable, sortText: `0${label}` })),
    ...scope.names.map((name) => ({
      label: name.name,
      kind: ItemKind.variable,
      detail: detailOf(name),
      sortText: `1${name.name}`,
    })),
    ...[...functions.values()].map(({ name, signatures }) => ({
      label: name,
      kind: ItemKind.function,
      detail: signatures[0] ?? name,
      sortText: `2${name}`,
    })),
    ...['true', 'false', 'null'].map((label) => ({ label, kind: ItemKind.keyword, sortText: `3${label}` })),
  ];
}

/** A short description of a name for the completion list: its role, or the kind of its node. */
export function detailOf({ role, node, isList }: ExpressionScope['names'][number]): string {
  if (role === 'instance') return 'the instance';
  if (role === 'runtime') return 'data of the controller about the instance';
  if (role === 'iterator') return 'iterator of forEach';
  const kind = node?.type === undefined ? (node?.nodeType === 'def' ? 'value' : 'node') : kindDescription(node.type);
  return role === 'item' ? `item of the collection: ${kind}` : isList ? `list of ${kind}` : kind;
}

/** The functions of a namespace, such as `json.marshal` after `json.`. */
function namespaceItems(receiver: string): readonly CompletionItem[] {
  const prefix = `${receiver}.`;
  return knownFunctions()
    .filter(({ name, isMember }) => !isMember && name.startsWith(prefix))
    .map(({ name, signatures }) => ({
      label: name.slice(prefix.length),
      kind: ItemKind.function,
      detail: signatures[0] ?? name,
    }));
}

function fieldsOfType(
  scope: ExpressionScope,
  type: CelType,
  before: BeforeCursor,
  receiver: string,
): readonly CompletionItem[] {
  const inner = isOptional(type) ? type.params[0] : type;
  const schema = inner?.kind === 'struct' ? scope.schemaOfType(inner.name) : undefined;
  if (schema === undefined) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const written = escapeFieldName(name) === name ? name : `\`${name}\``;
    const plain = fieldItem(schema, name, member, written);
    const mayLack = !isAlwaysThere(schema, name, member, receiver) && !before.isOptional && !isOptional(type);
    if (!mayLack) return [plain];
    const optional = { ...plain, label: `?${name}`, insertText: `?${written}`, filterText: name, sortText: `0${name}` };
    return [optional, { ...plain, sortText: `1${name}` }];
  });
}

function fieldItem(schema: Schema, name: string, member: Schema, written: string): CompletionItem {
  const facts = FieldDescription.of(member, schema.required?.includes(name) === true);
  return {
    label: name,
    kind: ItemKind.field,
    detail: facts.type,
    ...(facts.description === undefined ? {} : { documentation: facts.description }),
    insertText: written,
    sortText: `1${name}`,
  };
}

/**
 * Is the field always present, so that it is offered only without `?`? This is true when the schema requires the field
 * or has a default for it. It is also true for fields that all objects have at their root or in their metadata.
 */
function isAlwaysThere(schema: Schema, name: string, member: Schema, receiver: string): boolean {
  if (schema.required?.includes(name) === true || member.default !== undefined) return true;
  if (receiver.endsWith('.metadata')) return ['name', 'namespace', 'uid', 'resourceVersion'].includes(name);
  return !receiver.includes('.') && ['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(name);
}

function methodItems(type: CelType): readonly CompletionItem[] {
  const found = new Map(membersOfType(type).map((each) => [each.name, each]));
  return [...found.values()].map(({ name, signatures, receivers }) => {
    const own = receivers.findIndex((receiver) => receiver.kind === type.kind);
    return {
      label: name,
      kind: ItemKind.method,
      detail: signatures[Math.max(own, 0)] ?? `${typeToString(type)}.${name}`,
      sortText: `2${name}`,
    };
  });
}
