import type { JsonValue } from '@typekro/kit/core';

/** The scalar forms of the API's types; `unknown` is a scalar without a declared type. */
export type ScalarType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'Quantity'
  | 'IntOrString'
  | 'Time'
  | 'MicroTime'
  | 'unknown';

/** The type of a scalar value. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  readonly nullable?: boolean;
}

/** A member of an object type. */
export interface FieldNode {
  readonly name: string;
  readonly node: TypeNode;
  /** The field number in protobuf. */
  readonly number?: number;
  /** Is a zero value kept if the input contains it? */
  readonly presence?: boolean;
  /** Is the field always present in JSON, even when it is empty? */
  readonly keep?: boolean;
  /** Does a strategic merge patch merge the list instead of replacing it? */
  readonly mergePatch?: boolean;
  /** Does a strategic merge patch replace the whole object? */
  readonly replacePatch?: boolean;
  readonly retainKeys?: boolean;
  readonly mergeKey?: string;
  /** The schema's default. It is used for missing keys of list elements. */
  readonly default?: JsonValue;
}

/**
 * An object with named members. `extra` is the type of all other members. Without `extra`, other members are not
 * allowed.
 */
export interface ObjectNode {
  readonly kind: 'object';
  /** The name of the Go type, for messages. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldNode>;
  readonly extra?: TypeNode;
  readonly atomic?: boolean;
  readonly nullable?: boolean;
  /** Inlined types, whose members are in this object in JSON, but in a nested message in protobuf. */
  readonly inlined?: readonly { readonly number: number; readonly node: ObjectNode }[];
}

/** An object with arbitrary keys. */
export interface MapNode {
  readonly kind: 'map';
  readonly values: TypeNode;
  readonly atomic?: boolean;
  readonly nullable?: boolean;
}

/** A list. `list` says how patches merge the list. */
export interface ListNode {
  readonly kind: 'list';
  readonly items: TypeNode;
  readonly list: 'atomic' | 'map' | 'set';
  readonly keys: readonly string[];
  readonly nullable?: boolean;
}

/** A value without a schema. The value itself determines its form: objects are granular, and lists are atomic. */
export interface AnyNode {
  readonly kind: 'any';
  /** Is the value owned as a whole, even if it is an object? */
  readonly atomic?: boolean;
  readonly nullable?: boolean;
}

/**
 * The type of one part of an object. Built-in types and custom resources use the same model. Decoding, patches and
 * field ownership traverse the type together with the value.
 */
export type TypeNode = ScalarNode | ObjectNode | MapNode | ListNode | AnyNode;

/** The node of a part without a schema. */
export const anyNode: AnyNode = { kind: 'any' };

/** A list of any values, owned as a whole. */
export const anyListNode: ListNode = { kind: 'list', items: anyNode, list: 'atomic', keys: [] };

/** An object of any values. */
export const anyMapNode: MapNode = { kind: 'map', values: anyNode };

/** A scalar of unknown type. */
export const anyScalarNode: ScalarNode = { kind: 'scalar', type: 'unknown' };

/**
 * Is this a union type of JSON Schema, whose value may be a boolean or a list instead of a schema? The published schema
 * does not describe such unions.
 */
function isSchemaUnion(node: TypeNode): boolean {
  return node.kind === 'object' && node.name.startsWith('JSONSchemaPropsOr');
}

/** The type of a value. If no schema declares the type, it is derived from the value. */
export function deduce(node: TypeNode, value: unknown): Exclude<TypeNode, AnyNode> {
  if (node.kind !== 'any' && !isSchemaUnion(node)) return node;
  if (Array.isArray(value)) return anyListNode;
  if (typeof value === 'object' && value !== null) {
    return node.kind === 'any' && node.atomic ? { ...anyMapNode, atomic: true } : anyMapNode;
  }
  return anyScalarNode;
}

/** The type of the member `key` of an object or map; `undefined` when the type has no such member. */
export function memberNode(node: ObjectNode | MapNode, key: string): TypeNode | undefined {
  return node.kind === 'map' ? node.values : (node.fields.get(key)?.node ?? node.extra);
}
