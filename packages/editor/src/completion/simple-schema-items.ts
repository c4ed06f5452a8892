import type { CompletionItem } from 'vscode-languageserver';
import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { Marker } from '@typekro/engine/schema';
import { ItemKind } from './fields.ts';

/** Maps each atomic type to its description. */
export const SIMPLE_TYPES: Readonly<Record<string, string>> = {
  string: 'A text.',
  integer: 'A whole number.',
  float: 'A number.',
  boolean: 'true or false.',
  object: 'An object with any fields.',
};

/** Maps each marker to its description and an example. */
export const MARKERS: Readonly<Record<string, readonly [meaning: string, example: string]>> = {
  required: ['An instance must have the field.', 'required=true'],
  default: ['The value of the field if an instance does not have it.', 'default=3'],
  description: ['The description of the field.', 'description="number of pods"'],
  minimum: ['The smallest number that is allowed.', 'minimum=1'],
  maximum: ['The largest number that is allowed.', 'maximum=10'],
  validation: ['A CEL rule that the value, `self`, must meet.', 'validation="self % 2 == 1"'],
  immutable: ['An update cannot change the field.', 'immutable=true'],
  enum: ['The allowed strings.', 'enum="debug,info"'],
  pattern: ['The regular expression that the string must match.', 'pattern="^[a-z]+$"'],
  minLength: ['The smallest number of characters.', 'minLength=1'],
  maxLength: ['The largest number of characters.', 'maxLength=63'],
  minItems: ['The smallest number of items.', 'minItems=1'],
  maxItems: ['The largest number of items.', 'maxItems=10'],
  uniqueItems: ['No item occurs twice.', 'uniqueItems=true'],
  listType: ['The way in which apply merges the list: atomic, set or map.', 'listType=set'],
  listMapKey: ['A field that identifies an item of a list with listType=map.', 'listMapKey=name'],
  printColumn: ['The field is a column of kubectl get. Needs the feature gate PrintColumn.', 'printColumn=Replicas'],
  scale: ['The field is the number of replicas for kubectl scale. Needs the feature gate ScaleSubresource.', 'scale'],
};

/**
 * The completions in the SimpleSchema definition of a field: types before the first `|`, markers after it. `block` is
 * `spec.schema` or an entry of its `versions`; its `types` are offered.
 */
export function simpleSchemaItems(block: JsonValue | undefined, prefix: string): readonly CompletionItem[] {
  const bar = prefix.indexOf('|');
  if (bar < 0) return typeItems(block);
  const used = new Set([...prefix.slice(bar + 1).matchAll(/(?:^|\s)([a-zA-Z]+)=/g)].map(([, key = '']) => key));
  // The value of a marker is free text.
  if (/=\S*$/.test(prefix) || /="[^"]*$/.test(prefix)) return [];
  return [...Marker.KEYS, ...Marker.GATED_KEYS]
    .filter((key) => !used.has(key))
    .map((key) => {
      const [meaning = '', example = ''] = MARKERS[key] ?? [];
      return {
        label: key,
        kind: ItemKind.property,
        detail: example,
        documentation: meaning,
        insertText: key === 'scale' ? key : `${key}=`,
      };
    });
}

function typeItems(block: JsonValue | undefined): readonly CompletionItem[] {
  const types = isJsonObject(block) ? block['types'] : undefined;
  const custom = isJsonObject(types) ? Object.keys(types) : [];
  const atoms = Object.entries(SIMPLE_TYPES).map(([label, documentation]) => ({
    label,
    kind: ItemKind.typeName,
    documentation,
  }));
  const lists = ['[]string', '[]integer', 'map[string]string'].map((label) => ({ label, kind: ItemKind.typeName }));
  const own = custom.map((label) => ({ label, kind: ItemKind.typeName, detail: 'types' }));
  return [...atoms, ...lists, ...own];
}
