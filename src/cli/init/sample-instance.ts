import type { JsonObject, JsonValue } from '../../core/index.ts';
import { formatApiVersion, setOwn } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { Schema } from '../../schema/index.ts';
import { crdSource } from '../../schema/index.ts';

/** Deepest object of an example. */
const MAX_DEPTH = 20;

/**
 * An instance of a definition as an example: every field without a default has a value that its schema takes. A field
 * with a pattern gets a text that the author has to replace where the pattern does not take it.
 */
export function sampleInstance({ instance }: Graph): JsonObject {
  const schema = crdSource([instance.crd]).schemaOf(instance);
  const spec = sampleValue(schema?.properties?.['spec'] ?? {}, 'example', 0);
  return {
    apiVersion: formatApiVersion(instance),
    kind: instance.kind,
    metadata: { name: 'example', ...(instance.namespaced ? { namespace: 'default' } : {}) },
    spec: spec ?? {},
  };
}

/** A value that the schema takes; undefined for a field that may stay away. */
function sampleValue(schema: Schema, name: string, depth: number): JsonValue | undefined {
  // kro gives an object a default as soon as one of its fields has one.
  if (schema.default !== undefined && schema.type !== 'object') return undefined;
  const [first] = schema.enum ?? [];
  if (first !== undefined) return first;
  switch (schema.type) {
    case 'string':
      return sampleText(schema, name);
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return false;
    case 'array':
      return sampleList(schema, name, depth);
    case 'object':
      return emptyAsAbsent(sampleObject(schema, depth));
    default:
      return schema['x-kubernetes-int-or-string'] === true ? 1 : undefined;
  }
}

function emptyAsAbsent(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}

function sampleText({ minLength = 0, maxLength = 63 }: Schema, name: string): string {
  const text = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll(/[^a-z0-9-]/g, '');
  return (text === '' || text === 'name' ? 'example' : text).padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
}

function sampleNumber({ minimum, maximum, exclusiveMinimum }: Schema): number {
  const low = minimum === undefined ? 1 : Number(minimum) + (exclusiveMinimum === true ? 1 : 0);
  return maximum === undefined ? low : Math.min(Math.max(low, 1), Number(maximum));
}

function sampleList({ items = {}, minItems = 0 }: Schema, name: string, depth: number): JsonValue[] {
  if (depth >= MAX_DEPTH) return [];
  const count = Math.min(Number(minItems), 10);
  return Array.from({ length: count }, (_, index) => sampleValue(items, `${name}${index}`, depth + 1) ?? null);
}

function sampleObject({ properties = {} }: Schema, depth: number): JsonObject {
  const sample: JsonObject = {};
  if (depth >= MAX_DEPTH) return sample;
  for (const [key, schema] of Object.entries(properties)) {
    const value = sampleValue(schema, key, depth + 1);
    if (value !== undefined) setOwn(sample, key, value);
  }
  return sample;
}
