import { getOrInsert } from '@typekro/kit/core';
import type { JsonValue } from '@typekro/kit/core';
import { deriveSchema, EMPTY, lazyMember } from './lazy.ts';
import type { ListType, Schema } from './model.ts';

/** A field of a built-in type in the data file. The README of the data file explains the members. */
export interface FieldFacts {
  readonly t: string;
  readonly inline?: 1;
  readonly list?: ListType;
  readonly keys?: readonly string[];
  readonly map?: 'atomic' | 'granular';
  readonly patch?: string;
  readonly mergeKey?: string;
  readonly default?: JsonValue;
  readonly enum?: readonly JsonValue[];
}

/** A built-in type in the data file. */
export interface TypeFacts {
  readonly fields: Readonly<Record<string, FieldFacts>>;
  readonly required?: readonly string[];
  readonly map?: 'atomic' | 'granular';
  readonly gvk?: readonly (readonly [string, string, string])[];
}

/** Looks up the facts of types by name. */
export interface TypeTable {
  names(): Iterable<string>;
  /** The facts of a type; `undefined` for an unknown name. Two calls may return different objects. */
  facts(name: string): TypeFacts | undefined;
}

/**
 * The node of a type that accepts any JSON. It is not the shared empty schema, because {@link isOpaque} compares
 * identities.
 */
const ANYTHING: Schema = Object.freeze({});

/** Types without fields, as an API server publishes them in OpenAPI v3. */
const LEAVES: ReadonlyMap<string, Schema> = new Map<string, Schema>([
  ['string', { type: 'string' }],
  ['bool', { type: 'boolean' }],
  ['int32', { type: 'integer', format: 'int32' }],
  ['int64', { type: 'integer', format: 'int64' }],
  ['float64', { type: 'number', format: 'double' }],
  ['bytes', { type: 'string', format: 'byte' }],
  ['Time', { type: 'string', format: 'date-time' }],
  ['MicroTime', { type: 'string', format: 'date-time' }],
  ['Quantity', { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  ['IntOrString', { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }],
  ['RawExtension', { type: 'object' }],
  ['FieldsV1', { type: 'object' }],
  ['JSON', ANYTHING],
  ['apiextensions.v1.JSONSchemaPropsOrBool', ANYTHING],
  ['apiextensions.v1.JSONSchemaPropsOrArray', ANYTHING],
  ['apiextensions.v1.JSONSchemaPropsOrStringArray', ANYTHING],
]);

/**
 * The nodes of types that accept any JSON. The published schemas of RawExtension and FieldsV1 say only that the value
 * is an object. `JSON` stands for the four types that share the node `ANYTHING`.
 */
const OPAQUE = new Set<Schema | undefined>(['RawExtension', 'FieldsV1', 'JSON'].map((name) => LEAVES.get(name)));

/** Does this node accept any JSON, like the node of a raw extension? A value of such a node is never pruned. */
export function isOpaque(schema: Schema): boolean {
  return OPAQUE.has(schema);
}

/** The schema nodes of the built-in types. A node is built on first use, and all uses of a type share its node. */
export class BuiltinTypes {
  readonly #table: TypeTable;
  readonly #nodes = new Map<string, Schema>(LEAVES);

  constructor(table: TypeTable) {
    this.#table = table;
  }

  names(): Iterable<string> {
    return this.#table.names();
  }

  facts(name: string): TypeFacts | undefined {
    return this.#table.facts(name);
  }

  /**
   * The node of a named type such as `core.v1.PodSpec`, or of a leaf such as `Quantity`; the empty schema for an
   * unknown name.
   */
  node(name: string): Schema {
    return getOrInsert(this.#nodes, name, () => {
      const facts = this.#table.facts(name);
      return facts === undefined ? EMPTY : this.#objectNode(facts);
    });
  }

  /**
   * Follows a path of fields from a type. Returns the name of the type that has the last field; `undefined` if there is
   * no such field.
   */
  ownerOf(name: string, fields: readonly string[]): string | undefined {
    let owner = name;
    for (const [index, field] of fields.entries()) {
      const facts = this.#table.facts(owner);
      const found = facts === undefined ? undefined : [...this.#fieldsOf(facts)].find(([each]) => each === field);
      if (found === undefined) return undefined;
      if (index < fields.length - 1) owner = found[1].t.replaceAll(/\[\]|\{\}/g, '');
    }
    return owner;
  }

  #objectNode(facts: TypeFacts): Schema {
    const node: Record<string, unknown> = { type: 'object' };
    lazyMember(node, 'properties', () => this.#properties(facts));
    if (facts.required !== undefined) node['required'] = facts.required;
    if (facts.map !== undefined) node['x-kubernetes-map-type'] = facts.map;
    if (facts.gvk !== undefined) {
      const kinds = facts.gvk.map(([group, version, kind]) => ({ group, version, kind }));
      node['x-kubernetes-group-version-kind'] = kinds;
    }
    return node;
  }

  #properties(facts: TypeFacts): Record<string, Schema> {
    const properties: Record<string, Schema> = {};
    for (const [name, field] of this.#fieldsOf(facts)) lazyMember(properties, name, () => this.#field(field));
    return properties;
  }

  /** The JSON fields of a type. A member that inlines another type is replaced by the fields of that type. */
  *#fieldsOf(facts: TypeFacts): Iterable<[string, FieldFacts]> {
    for (const [name, field] of Object.entries(facts.fields)) {
      const inlined = field.inline === 1 ? this.#table.facts(field.t) : undefined;
      if (inlined === undefined) yield [name, field];
      else yield* this.#fieldsOf(inlined);
    }
  }

  #field(field: FieldFacts): Schema {
    const own: Record<string, unknown> = {};
    if (field.list !== undefined) own['x-kubernetes-list-type'] = field.list;
    if (field.keys !== undefined) own['x-kubernetes-list-map-keys'] = field.keys;
    if (field.map !== undefined) own['x-kubernetes-map-type'] = field.map;
    if (field.patch !== undefined) own['x-kubernetes-patch-strategy'] = field.patch;
    if (field.mergeKey !== undefined) own['x-kubernetes-patch-merge-key'] = field.mergeKey;
    if (field.default !== undefined) own['default'] = field.default;
    if (field.enum !== undefined) own['enum'] = field.enum;
    const type = this.#schemaOfText(field.t);
    return Object.keys(own).length === 0 ? type : deriveSchema(type, own);
  }

  /**
   * The schema for a type in the notation of the data file: a name, `T[]` (list of `T`) or `T{}` (map from string to
   * `T`). The last suffix is the outermost type: `string[]{}` is a map of lists.
   */
  #schemaOfText(text: string): Schema {
    const inner = text.slice(0, -2);
    if (text.endsWith('[]')) return lazyMember({ type: 'array' }, 'items', () => this.#schemaOfText(inner));
    if (text.endsWith('{}'))
      return lazyMember({ type: 'object' }, 'additionalProperties', () => this.#schemaOfText(inner));
    return this.node(text);
  }
}
