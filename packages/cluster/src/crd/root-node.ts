import type { JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { builtinType } from '../types/builtin.ts';
import { type FieldNode, type ObjectNode, type ScalarType, type TypeNode, anyNode } from '../types/type-node.ts';

/**
 * The maximum depth of a schema. Validation refuses deeper schemas; this file treats the parts below this depth as
 * free-form.
 */
const MAX_DEPTH = 120;

/**
 * The type of a custom resource in one version, for ownership and patches. Converts the schema as an API server does: by
 * `BuildOpenAPIV3` of apiextensions-apiserver and `ToSchemaFromOpenAPI` of kube-openapi.
 */
export function rootNode(kind: string, schema: Schema | undefined): ObjectNode {
  const root = schema === undefined ? undefined : schemaNode(kind, schema, 0, false);
  const fields = new Map<string, FieldNode>(root?.kind === 'object' ? root.fields : []);
  addResourceFields(fields);
  // A schema without properties is not free-form here, because `addResourceFields` gives it properties.
  const isOpen = schema === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const extra = root?.kind === 'object' ? root.extra : isOpen ? anyNode : undefined;
  return { kind: 'object', name: kind, fields, ...(extra === undefined ? {} : { extra }) };
}

const SCALARS: Readonly<Record<string, ScalarType>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'int64',
  number: 'float64',
};

/** `isOpen` is true below a schema that preserves unknown fields. All objects there may have undeclared members. */
function schemaNode(name: string, schema: Schema, depth: number, isOpen: boolean): TypeNode {
  if (depth > MAX_DEPTH) return anyNode;
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', type: 'IntOrString' };
  const open = isOpen || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (schema.type === 'array') return listNode(name, schema, depth, open);
  if (schema.type === 'object' || schema.properties !== undefined) {
    const { properties, additionalProperties } = schema;
    if (typeof additionalProperties === 'object') {
      return { kind: 'map', values: schemaNode(name, additionalProperties, depth + 1, open), atomic };
    }
    const declared = Object.entries(properties ?? {});
    if (declared.length === 0 && !embedded)
      return atomic ? { kind: 'map', values: anyNode, atomic } : { kind: 'map', values: anyNode };
    const fields = new Map<string, FieldNode>();
    for (const [key, child] of declared) fields.set(key, fieldNode(key, child, depth, open));
    if (embedded) addResourceFields(fields);
    const extra = open || additionalProperties === true ? { extra: anyNode } : {};
    return { kind: 'object', name, fields, atomic, ...extra };
  }
  const scalar = schema.type !== undefined && Object.hasOwn(SCALARS, schema.type) ? SCALARS[schema.type] : undefined;
  return scalar === undefined ? anyNode : { kind: 'scalar', type: scalar };
}

function fieldNode(name: string, schema: Schema, depth: number, isOpen: boolean): FieldNode {
  const defaultValue: JsonValue | undefined = schema.default;
  return {
    name,
    node: schemaNode(name, schema, depth + 1, isOpen),
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  };
}

/** Adds the fields of every object of the API. They replace declared fields with the same names, as in an API server. */
function addResourceFields(fields: Map<string, FieldNode>) {
  fields.set('apiVersion', { name: 'apiVersion', node: { kind: 'scalar', type: 'string' } });
  fields.set('kind', { name: 'kind', node: { kind: 'scalar', type: 'string' } });
  fields.set('metadata', { name: 'metadata', node: builtinType('meta.v1.ObjectMeta') });
}

function listNode(name: string, schema: Schema, depth: number, isOpen: boolean): TypeNode {
  const items = schema.items === undefined ? anyNode : schemaNode(name, schema.items, depth + 1, isOpen);
  const type = schema['x-kubernetes-list-type'] ?? 'atomic';
  return { kind: 'list', items, list: type, keys: schema['x-kubernetes-list-map-keys'] ?? [] };
}
