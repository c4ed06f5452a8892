import { type CelType, type TypeProvider, typeToString } from '@typekro/cel';
import type { JsonObject } from '@typekro/kit/core';
import type { Schema } from '../../schema/index.ts';

const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };

/** The known object types. */
export interface StructSource {
  readonly types: TypeProvider;
  /** The schema of an object type, by its name. */
  schemaOfType(name: string): Schema | undefined;
  /** The schemas on the path from the root of the kind to this type, without the type itself. */
  ancestorsOfType(name: string): readonly Schema[];
}

/** The schema of a status field whose expression has this type. */
export function statusLeaf(type: CelType, types: StructSource): JsonObject {
  switch (type.kind) {
    case 'bool':
      return { type: 'boolean' };
    case 'int':
    case 'uint':
      return { type: 'integer' };
    case 'double':
      return { type: 'number' };
    case 'string':
      return { type: 'string' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'list':
      return { type: 'array', items: statusLeaf(type.params[0] ?? type, types) };
    case 'map':
      return { type: 'object', additionalProperties: statusLeaf(type.params[1] ?? type, types) };
    case 'timestamp':
      return { type: 'string', format: 'date-time', description: 'Timestamp representing a creation time' };
    case 'null':
      return { ...ANYTHING, description: 'null type - any value allowed' };
    case 'dyn':
      return ANYTHING;
    case 'struct':
      return structSchema(type.name, types, types.ancestorsOfType(type.name));
    case 'opaque':
      if (OBJECT_LIKE.has(type.name)) return { type: 'object', additionalProperties: true };
      return { ...ANYTHING, description: `unknown CEL type: ${typeToString(type)}` };
    default:
      return { ...ANYTHING, description: `unknown CEL type: ${typeToString(type)}` };
  }
}

/** Library types for which kro's schema is an object with any fields. */
const OBJECT_LIKE: ReadonlySet<string> = new Set(['kubernetes.Quantity', 'kubernetes.URL', 'kubernetes.Semver']);

/**
 * The schema of an object type. The fields have the names that expressions use, and types without constraints. If a
 * type contains itself, the inner occurrence is an object without listed fields, as in the OpenAPI documents from which
 * kro takes schemas.
 */
function structSchema(name: string, types: StructSource, seen: readonly Schema[]): JsonObject {
  const schema = types.schemaOfType(name);
  if (schema === undefined) return { type: 'object', additionalProperties: true };
  if (seen.includes(schema)) return { type: 'object' };
  const names = types.types.fieldNames(name);
  if (names.length === 0) return { type: 'object' };
  const properties = names.map((field): [string, JsonObject] => {
    const found = types.types.findField(name, field);
    return [field, found === undefined ? ANYTHING : memberSchema(found.type, types, [...seen, schema])];
  });
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function memberSchema(type: CelType, types: StructSource, seen: readonly Schema[]): JsonObject {
  switch (type.kind) {
    case 'struct':
      return structSchema(type.name, types, seen);
    case 'list':
      return { type: 'array', items: memberSchema(type.params[0] ?? type, types, seen) };
    case 'map':
      return { type: 'object', additionalProperties: memberSchema(type.params[1] ?? type, types, seen) };
    case 'timestamp':
    case 'duration':
      return ANYTHING;
    default:
      return statusLeaf(type, types);
  }
}
