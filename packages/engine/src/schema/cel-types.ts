import { oncePerObject } from '@typekro/kit/core';
import type { CelType, TypeProvider, VariableOptions } from '@typekro/cel';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  STRING,
  TIMESTAMP,
  escapeFieldName,
  listType,
  mapType,
  structType,
} from '@typekro/cel';
import { celShape, isIntOrString, propertyNames, propertyOf, valuesOf } from './cel-shape.ts';
import type { Schema } from './model.ts';

/** Prefix of the type names of resources, as kro writes them. */
const PREFIX = '__type_';

/** The maximum nesting of lists. A list whose element type is the list itself nests endlessly and has no CEL type. */
const MAX_LIST_DEPTH = 64;

const FORMATS: ReadonlyMap<string | undefined, CelType> = new Map([
  ['byte', BYTES],
  ['date', TIMESTAMP],
  ['date-time', TIMESTAMP],
  ['duration', DURATION],
]);

/**
 * The CEL type of a schema, by kro's rules. Undefined for a schema without a type and for an array without items,
 * because expressions cannot read such values. `name` becomes the name of the struct type and the prefix of nested
 * structs' names.
 */
export function celType(schema: Schema, name: string, depth = 0): CelType | undefined {
  if (isIntOrString(schema)) return DYN;
  switch (schema.type) {
    case 'array': {
      if (schema.items === undefined || depth > MAX_LIST_DEPTH) return undefined;
      const element = celType(schema.items, `${name}.@idx`, depth + 1);
      return element === undefined ? undefined : listType(element);
    }
    case 'object': {
      const values = valuesOf(schema);
      if (values === undefined) return structType(name);
      return mapType(STRING, celType(values, `${name}.@elem`, depth + 1) ?? DYN);
    }
    case 'string':
      return FORMATS.get(schema.format) ?? STRING;
    case 'boolean':
      return BOOL;
    case 'number':
      return DOUBLE;
    case 'integer':
      return INT;
    default:
      return undefined;
  }
}

/** The schema of a variable: the schema of its object or, for a collection, of its list elements. */
export type CelResource = { readonly schema: Schema } | { readonly listOf: Schema };

/** The variables of resources, and the provider of the types of their fields. */
export interface CelTypes {
  readonly variables: Readonly<Record<string, VariableOptions>>;
  readonly types: TypeProvider;
}

/**
 * Declares resources for a CEL environment. A type is resolved on first use, so recursive schemas are allowed.
 *
 * @param options.raw - bind data unchanged, without conversion by its schema (kro's `readyWhen`). Default: false.
 */
export function celTypes(
  resources: Readonly<Record<string, CelResource>>,
  options: { readonly raw?: boolean } = {},
): CelTypes {
  const roots = new Map<string, Schema>();
  const variables = Object.create(null) as Record<string, VariableOptions>;
  for (const [id, resource] of Object.entries(resources)) {
    const schema = 'schema' in resource ? resource.schema : { type: 'array', items: resource.listOf };
    const name = `${PREFIX}${id}`;
    const type = celType(schema, name);
    if (type === undefined) continue;
    roots.set(name, schema);
    variables[id] = { type, ...(options.raw === true ? { raw: true } : { shape: celShape(schema) }) };
  }
  return { variables, types: new SchemaTypes(roots) };
}

/** Resolves names such as `__type_deployment.spec.template.spec.containers.@idx`, one step at a time. */
class SchemaTypes implements TypeProvider {
  readonly #schemas: Map<string, Schema | undefined>;

  constructor(roots: ReadonlyMap<string, Schema>) {
    this.#schemas = new Map(roots);
  }

  findType(name: string): CelType | undefined {
    const schema = this.#schemaOf(name);
    return schema === undefined ? undefined : celType(schema, name);
  }

  findField(typeName: string, field: string): { type: CelType } | undefined {
    const schema = this.#schemaOf(typeName);
    if (schema === undefined) return undefined;
    const found = fieldSchema(schema, field);
    if (found === undefined) return schema['x-kubernetes-preserve-unknown-fields'] === true ? { type: DYN } : undefined;
    const type = celType(found.schema, `${typeName}.${found.name}`);
    return type === undefined ? undefined : { type };
  }

  fieldNames(typeName: string): readonly string[] {
    const schema = this.#schemaOf(typeName);
    return schema === undefined ? [] : readableNames(schema);
  }

  #schemaOf(name: string): Schema | undefined {
    if (this.#schemas.has(name)) return this.#schemas.get(name);
    const dot = name.lastIndexOf('.');
    if (dot < 0) return undefined;
    const parent = this.#schemaOf(name.slice(0, dot));
    const found = parent === undefined ? undefined : partOf(parent, name.slice(dot + 1));
    if (found !== undefined) this.#schemas.set(name, found);
    return found;
  }
}

function partOf(schema: Schema, step: string): Schema | undefined {
  if (step === '@idx') return schema.items;
  if (step === '@elem') return valuesOf(schema);
  return fieldSchema(schema, step)?.schema;
}

/** Finds a declared field by its name in expressions. A reserved word may be written with or without escape. */
function fieldSchema(schema: Schema, field: string): { name: string; schema: Schema } | undefined {
  if (valuesOf(schema) !== undefined) return undefined;
  const plain = propertyOf(schema, field);
  if (plain !== undefined) {
    const name = escapeFieldName(field);
    // Any other name that needs an escape is accepted only in its escaped form.
    if (name === field || name === `__${field}__`) return { name: name ?? field, schema: plain };
  }
  // The escaped form of another name contains two underscores.
  const name = field.includes('__') ? escapedNames(schema).get(field) : undefined;
  const found = name === undefined ? undefined : propertyOf(schema, name);
  return found === undefined ? undefined : { name: field, schema: found };
}

/** The names of a schema's fields, keyed by their form in expressions. */
const escapedNames = oncePerObject(
  (schema: Schema): ReadonlyMap<string | undefined, string> =>
    new Map(propertyNames(schema).map((name) => [escapeFieldName(name), name])),
);

/** The names of a schema's fields that expressions can read. */
const readableNames = oncePerObject((schema: Schema): readonly string[] =>
  [...escapedNames(schema).keys()].filter((name): name is string => {
    const found = name === undefined ? undefined : fieldSchema(schema, name);
    return found !== undefined && celType(found.schema, found.name) !== undefined;
  }),
);

/** The types of CEL for a schema. */
export const CelTypes = { of: celTypes, shapeOf: celShape };
