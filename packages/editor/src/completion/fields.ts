import type { CompletionItem, CompletionItemKind } from 'vscode-languageserver';
import { type JsonValue, formatApiVersion } from '@typekro/kit/core';
import { type Schema, type SchemaSource, FieldDescription } from '@typekro/engine/schema';
import type { CursorPlace } from '../cursor-place.ts';
import { descriptionOf } from '../describe.ts';
import type { ObjectPlace } from '../object-places.ts';
import { yamlNodeAt } from '../yaml-tree.ts';

/** The kinds of completions that this server uses, with their numbers in the protocol. */
export const ItemKind = {
  method: 2,
  function: 3,
  field: 5,
  variable: 6,
  class: 7,
  property: 10,
  value: 12,
  keyword: 14,
  typeName: 25,
} as const satisfies Record<string, CompletionItemKind>;

/** The fields that can be added to the object at the cursor. */
export function fieldItems(place: ObjectPlace, cursor: CursorPlace): readonly CompletionItem[] {
  const { schema, type, fields } = place;
  if (schema === undefined) return typeFieldItems(place);
  const node = yamlNodeAt(cursor.tree, cursor.path);
  const used = new Set(node?.kind === 'map' ? node.members.map(({ key }) => key.value) : []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !used.has(name) && !(fields.length === 0 && name === 'status'))
    .map(([name, member]) => {
      const isRequired = schema.required?.includes(name) === true;
      const facts = FieldDescription.of(member, isRequired);
      const documentation = descriptionOf(type, [...fields, name], member);
      return {
        label: name,
        kind: ItemKind.property,
        detail: `${facts.type}${isRequired ? ', required' : ''}`,
        ...(documentation === undefined ? {} : { documentation }),
        insertText: insertedKey(name, member, cursor.isWholeKey),
        sortText: `${isRequired ? 0 : 1}${name}`,
      };
    });
}

/** For an object without a known kind, offers only `apiVersion`, `kind` and `metadata`. */
function typeFieldItems({ fields }: ObjectPlace): readonly CompletionItem[] {
  if (fields.length > 0) return [];
  return ['apiVersion', 'kind', 'metadata'].map((name) => ({
    label: name,
    kind: ItemKind.property,
    insertText: name === 'metadata' ? `${name}:` : `${name}: `,
  }));
}

/**
 * The inserted text: the key, and the start of its value. For an object or a list, the value begins on the next line.
 */
function insertedKey(name: string, { type }: Schema, hasColon: boolean): string {
  if (hasColon) return name;
  return type === 'object' || type === 'array' ? `${name}:` : `${name}: `;
}

/** The values that the scalar at the cursor can have. */
export function valueItems(
  place: ObjectPlace,
  value: JsonValue | undefined,
  source: SchemaSource,
): readonly CompletionItem[] {
  const { schema, fields, type } = place;
  const [field] = fields;
  if (fields.length === 1 && field === 'kind')
    return kindItems(type.version === '' ? undefined : formatApiVersion(type), source);
  if (fields.length === 1 && field === 'apiVersion') return versionItems(type.kind, source);
  if (schema === undefined) return [];
  const values: readonly JsonValue[] =
    schema.enum ?? (schema.type === 'boolean' ? [true, false] : schema.default === undefined ? [] : [schema.default]);
  return values.map((each) => ({
    label: FieldDescription.valueText(each),
    kind: ItemKind.value,
    ...(schema.default === each ? { detail: 'default' } : {}),
    ...(value === each ? { preselect: true } : {}),
  }));
}

function kindItems(apiVersion: string | undefined, source: SchemaSource): readonly CompletionItem[] {
  const kinds = [...source.kinds()].filter((type) => apiVersion === undefined || formatApiVersion(type) === apiVersion);
  return kinds.map((type) => ({
    label: type.kind,
    kind: ItemKind.class,
    detail: formatApiVersion(type),
    ...documented(type),
  }));
}

function documented(type: Parameters<typeof descriptionOf>[0]): { readonly documentation?: string } {
  const documentation = descriptionOf(type, [], undefined);
  return documentation === undefined ? {} : { documentation };
}

function versionItems(kind: string, source: SchemaSource): readonly CompletionItem[] {
  const types = [...source.kinds()].filter((type) => kind === '' || type.kind === kind);
  return [...new Map(types.map((type) => [formatApiVersion(type), type]))].map(([label, type]) => {
    const deprecated = kind === '' ? undefined : source.resourceOf(type)?.deprecated;
    return {
      label,
      kind: ItemKind.class,
      ...(deprecated === undefined ? {} : { documentation: deprecated, tags: [1] }),
    };
  });
}
