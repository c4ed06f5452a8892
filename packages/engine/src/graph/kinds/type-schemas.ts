import { unescapeFieldName } from '@typekro/cel';
import type { Schema } from '../../schema/index.ts';

/**
 * The schemas on the path from a root schema to the schema of a type, including both. A type name consists of the name
 * of the root and the field names below it, joined by dots. `@idx` denotes the items of a list, and `@elem` the values
 * of a map. Returns `undefined` when no schema has the name.
 */
export function schemasOnTheWay(name: string, roots: ReadonlyMap<string, Schema>): readonly Schema[] | undefined {
  const [rootName = '', ...steps] = name.split('.');
  let schema = roots.get(rootName);
  if (schema === undefined) return undefined;
  const visited = [schema];
  for (const step of steps) {
    schema = part(schema, step);
    if (schema === undefined) return undefined;
    visited.push(schema);
  }
  return visited;
}

function part(schema: Schema, step: string): Schema | undefined {
  if (step === '@idx') return schema.items;
  if (step === '@elem')
    return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const { properties } = schema;
  if (properties === undefined) return undefined;
  for (const name of [step, unescapeFieldName(step)]) {
    if (name !== undefined && Object.hasOwn(properties, name)) return properties[name];
  }
  return undefined;
}
