import type { JsonValue } from '../../core/index.ts';

/** The scalar forms of the API's types; `unknown` is a scalar whose type no schema states. */
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

/** A single value. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  readonly nullable?: boolean;
}

/** A member of an object type. */
export interface FieldNode {
  readonly name: string;
  readonly node: TypeNode;
  /** Field number in the protobuf form. */
  readonly number?: number;
  /** Presence counts: a zero value is kept. */
  readonly presence?: boolean;
  /** Always there in JSON, also when empty. */
  readonly keep?: boolean;
  /** Strategic merge: lists merge instead of being replaced. */
  readonly mergePatch?: boolean;
  /** Strategic merge: an object takes the patch's value whole. */
  readonly replacePatch?: boolean;
  readonly retainKeys?: boolean;
  readonly mergeKey?: string;
  /** The schema's default; used for missing keys of list elements. */
  readonly default?: JsonValue;
}

/** An object with named members; `extra` types the others (absent: there are no others). */
export interface ObjectNode {
  readonly kind: 'object';
  /** The Go type's name, for messages. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldNode>;
  readonly extra?: TypeNode;
  readonly atomic?: boolean;
  readonly nullable?: boolean;
  /** Members that stand directly in this object in JSON but in a message of their own in protobuf. */
  readonly inlined?: readonly { readonly number: number; readonly node: ObjectNode }[];
}

/** An object with any keys. */
export interface MapNode {
  readonly kind: 'map';
  readonly values: TypeNode;
  readonly atomic?: boolean;
  readonly nullable?: boolean;
}

/** A list; how it merges is `list`. */
export interface ListNode {
  readonly kind: 'list';
  readonly items: TypeNode;
  readonly list: 'atomic' | 'map' | 'set';
  readonly keys: readonly string[];
  readonly nullable?: boolean;
}

/** No schema: the value says what it is. Objects in it are granular, lists atomic. */
export interface AnyNode {
  readonly kind: 'any';
  /** The value is one leaf whatever it is. */
  readonly atomic?: boolean;
  readonly nullable?: boolean;
}

/**
 * What the server knows about a place in an object: one model for built-in types and for custom
 * resources, which decoding, patches and field ownership walk together with the value.
 */
export type TypeNode = ScalarNode | ObjectNode | MapNode | ListNode | AnyNode;

/** The node for a place without a schema. */
export const anyNode: AnyNode = { kind: 'any' };

/** A list of anything, as one leaf. */
export const anyListNode: ListNode = { kind: 'list', items: anyNode, list: 'atomic', keys: [] };

/** An object of anything. */
export const anyMapNode: MapNode = { kind: 'map', values: anyNode };

/** A scalar of no known type. */
export const anyScalarNode: ScalarNode = { kind: 'scalar', type: 'unknown' };

/** The unions of JSON schema (a schema, or a boolean or list instead): the published schema says nothing of them. */
function isSchemaUnion(node: TypeNode): boolean {
  return node.kind === 'object' && node.name.startsWith('JSONSchemaPropsOr');
}

/** Gives a place without a schema the form of the value that stands there. */
export function deduce(node: TypeNode, value: unknown): Exclude<TypeNode, AnyNode> {
  if (node.kind !== 'any' && !isSchemaUnion(node)) return node;
  if (Array.isArray(value)) return anyListNode;
  if (typeof value === 'object' && value !== null) {
    return node.kind === 'any' && node.atomic ? { ...anyMapNode, atomic: true } : anyMapNode;
  }
  return anyScalarNode;
}

/** The type of member `key` of an object or map; `undefined` when the schema has no such member. */
export function memberNode(node: ObjectNode | MapNode, key: string): TypeNode | undefined {
  return node.kind === 'map' ? node.values : (node.fields.get(key)?.node ?? node.extra);
}
