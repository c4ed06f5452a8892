import type { CelType, TypeProvider } from '../cel/index.ts';
import { typeToString } from '../cel/index.ts';
import type { JsonObject } from '../core/index.ts';

const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true };

/** Depth at which a recursive type is written as an object without fields. */
const MAX_DEPTH = 24;

/** The schema of a status field whose expression has this type. */
export function statusLeaf(type: CelType, types: TypeProvider): JsonObject {
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
      return structSchema(type, types, 0);
    case 'opaque':
      if (OBJECT_LIKE.has(type.name)) return { type: 'object', additionalProperties: true };
      return { ...ANYTHING, description: `unknown CEL type: ${typeToString(type)}` };
    default:
      return { ...ANYTHING, description: `unknown CEL type: ${typeToString(type)}` };
  }
}

/** Library types that kro writes as an object of anything. */
const OBJECT_LIKE: ReadonlySet<string> = new Set(['kubernetes.Quantity', 'kubernetes.URL', 'kubernetes.Semver']);

/** An object type with its fields, as expressions write their names; only kinds, no constraints. */
function structSchema(type: CelType, types: TypeProvider, depth: number): JsonObject {
  if (types.findType(type.name) === undefined) return { type: 'object', additionalProperties: true };
  const names = depth > MAX_DEPTH ? [] : types.fieldNames(type.name);
  if (names.length === 0) return { type: 'object' };
  const properties = names.map((name): [string, JsonObject] => {
    const field = types.findField(type.name, name);
    return [name, field === undefined ? ANYTHING : memberSchema(field.type, types, depth + 1)];
  });
  return { type: 'object', properties: Object.fromEntries(properties) };
}

function memberSchema(type: CelType, types: TypeProvider, depth: number): JsonObject {
  switch (type.kind) {
    case 'struct':
      return structSchema(type, types, depth);
    case 'list':
      return { type: 'array', items: memberSchema(type.params[0] ?? type, types, depth + 1) };
    case 'map':
      return { type: 'object', additionalProperties: memberSchema(type.params[1] ?? type, types, depth + 1) };
    case 'timestamp':
    case 'duration':
      return ANYTHING;
    default:
      return statusLeaf(type, types);
  }
}
