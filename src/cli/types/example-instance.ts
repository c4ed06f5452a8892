import type { JsonObject, JsonValue } from '../../core/index.ts';
import { yamlLibrary } from '../../core/index.ts';
import type { InstanceType } from '../../graph/index.ts';
import type { Schema } from '../../schema/index.ts';
import { typeText } from '../explain/field-facts.ts';

/** Deepest nesting of required objects that is written out. */
const MAX_DEPTH = 20;

/** An instance to begin with: its required fields with values to replace, and the others as comments. */
export function exampleInstance({ group, version, kind, namespaced }: InstanceType, spec: Schema): string {
  const { stringify } = yamlLibrary();
  const metadata = { name: kind.toLowerCase(), ...(namespaced ? { namespace: 'default' } : {}) };
  const head = stringify({ apiVersion: `${group}/${version}`, kind, metadata });
  const required = requiredValues(spec, 0);
  const isEmpty = Object.keys(required).length === 0;
  const body = isEmpty ? 'spec: {}\n' : stringify({ spec: required });
  const others = Object.entries(spec.properties ?? {}).filter(([name]) => !Object.hasOwn(required, name));
  const comments = others.map(([name, schema]) => {
    const value = schema.default ?? exampleValue(schema, MAX_DEPTH);
    return `  # ${stringify({ [name]: value }, { collectionStyle: 'flow', flowCollectionPadding: true, lineWidth: 0 })
      .trim()
      .replace(/^\{ (.*) \}$/s, '$1')} # ${typeText(schema)}\n`;
  });
  return `${head}${body}${comments.join('')}`.trimEnd();
}

function requiredValues(schema: Schema, depth: number): JsonObject {
  const names = (schema.required ?? []).filter((name) => Object.hasOwn(schema.properties ?? {}, name));
  return Object.fromEntries(names.map((name) => [name, exampleValue(schema.properties?.[name] ?? {}, depth + 1)]));
}

/** A value of the type: its default, its first allowed value, or the smallest. */
function exampleValue(schema: Schema, depth: number): JsonValue {
  const { type, minimum } = schema;
  if (schema.default !== undefined) return schema.default;
  const [first] = schema.enum ?? [];
  if (first !== undefined) return first;
  switch (type) {
    case 'integer':
    case 'number':
      return minimum ?? 1;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return depth >= MAX_DEPTH ? {} : requiredValues(schema, depth);
    default:
      return 'example';
  }
}
