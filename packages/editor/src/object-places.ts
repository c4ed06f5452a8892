import { type GroupVersionKind, type JsonValue, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import type { Schema, SchemaSource } from '@typekro/engine/schema';

/** The object that contains a position in a document, and the schema at this position. */
export interface ObjectPlace {
  /** The kind of the innermost object with a kind: the document's own object, or a template in it. */
  readonly type: GroupVersionKind;
  /** The path of that object in the document. */
  readonly root: readonly PathStep[];
  /** The path of the position, relative to that object. */
  readonly fields: readonly PathStep[];
  /** The schema at the position; `undefined` for an unknown kind or field. */
  readonly schema: Schema | undefined;
  /** Does the parent's schema require the field? */
  readonly isRequired: boolean;
}

/**
 * The members whose values are objects with `apiVersion` and `kind`, in a resource of a definition and in a node of a
 * Graph.
 */
const TEMPLATES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['ResourceGraphDefinition', new Set(['template', 'externalRef'])],
  ['Graph', new Set(['template', 'ref', 'patch'])],
]);

/** The kind of a value that has apiVersion, kind, or both. A missing part is empty. */
export function typeOfObject(value: JsonValue | undefined): GroupVersionKind | undefined {
  if (!isJsonObject(value)) return undefined;
  const [apiVersion, kind] = [value['apiVersion'], value['kind']];
  if (typeof apiVersion !== 'string' && typeof kind !== 'string') return undefined;
  return {
    ...parseApiVersion(typeof apiVersion === 'string' ? apiVersion : ''),
    kind: typeof kind === 'string' ? kind : '',
  };
}

/**
 * A path of a document can lead through several objects with a kind. Finds the innermost one, and follows its schema
 * along the rest of the path.
 */
export function objectPlace(
  value: JsonValue,
  path: readonly PathStep[],
  source: SchemaSource,
): ObjectPlace | undefined {
  const own = typeOfObject(value);
  if (own === undefined) return undefined;
  const isList = own.group === '' && own.kind === 'List';
  let [type, root, at]: [GroupVersionKind, readonly PathStep[], JsonValue | undefined] = [own, [], value];
  for (const [index, step] of path.entries()) {
    at = childOf(at, step);
    const isListItem = isList && index === 1 && path[0] === 'items';
    const templates = type.group === 'kro.run' ? TEMPLATES.get(type.kind) : undefined;
    const isTemplate = templates?.has(String(step)) === true && typeof path[index - 1] === 'number';
    if (!isTemplate && !isListItem) continue;
    type = typeOfObject(at) ?? { group: '', version: '', kind: '' };
    root = path.slice(0, index + 1);
    if (isTemplate) break;
  }
  const fields = path.slice(root.length);
  return { type, root, fields, ...followSchema(source.schemaOf(type), fields) };
}

function childOf(value: JsonValue | undefined, step: PathStep): JsonValue | undefined {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** The schema at the end of a path. */
export function followSchema(
  root: Schema | undefined,
  fields: readonly PathStep[],
): { readonly schema: Schema | undefined; readonly isRequired: boolean } {
  let schema = root;
  let isRequired = false;
  for (const step of fields) {
    if (schema === undefined) break;
    if (typeof step === 'number') {
      schema = schema.items;
      continue;
    }
    isRequired = schema.required?.includes(step) === true;
    const properties: Readonly<Record<string, Schema>> = schema.properties ?? {};
    const values: Schema | undefined =
      typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    schema = Object.hasOwn(properties, step) ? properties[step] : values;
  }
  return { schema, isRequired };
}

/**
 * The number of steps of the block of SimpleSchema that contains the path: 3 for `spec.schema.spec` and
 * `spec.schema.types`, 5 for the blocks of an entry of `spec.schema.versions`, 0 outside.
 */
export function simpleSchemaDepth([spec, schema, block, index, own]: readonly PathStep[]): 0 | 3 | 5 {
  if (spec !== 'spec' || schema !== 'schema') return 0;
  if (block === 'spec' || block === 'types') return 3;
  const isBlock = own === 'spec' || own === 'types' || own === 'status';
  return block === 'versions' && typeof index === 'number' && isBlock ? 5 : 0;
}

/** Is the path that of a field of SimpleSchema, which has a type and markers? */
export function isSimpleSchemaField(path: readonly PathStep[]): boolean {
  const depth = simpleSchemaDepth(path);
  return depth > 0 && path.length > depth;
}

/** Is the value a definition? */
export function isDefinitionValue(value: JsonValue): boolean {
  return isJsonObject(value) && value['kind'] === 'ResourceGraphDefinition';
}
