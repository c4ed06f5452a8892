import { type JsonObject, type JsonValue, isJsonObject, oncePerObject } from '@typekro/kit/core';
import { asTexts } from '@typekro/kit/kubernetes';
import type { Schema } from './model.ts';

/** Adds a member to `target` that is computed on first access and is a read-only value afterwards. */
export function lazyMember<T extends object>(target: T, name: string, compute: () => unknown): T {
  return Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = compute();
      Object.defineProperty(target, name, { configurable: true, enumerable: true, value });
      return value;
    },
  });
}

type Child = (raw: JsonValue | undefined) => Schema;

/** Maps each known member to its reader. A reader ignores a value of a wrong JSON type. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ...each('items not', (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => child(value));
  }),
  ...each('additionalProperties', (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => child(value));
    else if (typeof value === 'boolean') put(node, name, value);
  }),
  ...each('allOf anyOf oneOf', (node, name, value, child) => {
    if (Array.isArray(value)) lazyMember(node, name, () => value.map((entry) => child(entry)));
  }),
  ...each('properties', (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => membersOf(value, child));
  }),
  ...each('type', (node, name, value) => {
    // In a list of types, only the first type counts.
    const first = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string' && first !== '') put(node, name, first);
  }),
  ...each(
    'format title description pattern x-kubernetes-list-type x-kubernetes-map-type ' +
      'x-kubernetes-patch-strategy x-kubernetes-patch-merge-key',
    ofType('string'),
  ),
  ...each(
    'minimum maximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties',
    ofType('number', 'bigint'),
  ),
  ...each(
    'nullable uniqueItems exclusiveMinimum exclusiveMaximum x-kubernetes-preserve-unknown-fields ' +
      'x-kubernetes-int-or-string x-kubernetes-embedded-resource',
    ofType('boolean'),
  ),
  ...each('required x-kubernetes-list-map-keys', (node, name, value) => {
    if (Array.isArray(value)) put(node, name, asTexts(value));
  }),
  ...each('default', (node, name, value) => {
    if (value !== null) put(node, name, value);
  }),
  ...each('enum', (node, name, value) => {
    if (Array.isArray(value)) put(node, name, value);
  }),
  ...each('x-kubernetes-validations x-kubernetes-group-version-kind', (node, name, value) => {
    if (Array.isArray(value)) put(node, name, value.filter(isJsonObject));
  }),
]);

type Reader = (node: object, name: string, value: JsonValue, child: Child) => void;

/** A reader that keeps the values of some types. */
function ofType(...types: string[]): Reader {
  return (node, name, value) => {
    if (types.includes(typeof value)) put(node, name, value);
  };
}

function each(names: string, read: Reader): [string, Reader][] {
  return names.split(' ').map((name) => [name, read]);
}

function put(node: object, name: string, value: unknown): void {
  Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true });
}

function membersOf(raw: JsonObject, child: Child): Record<string, Schema> {
  // V8 keeps an object without a prototype as a hash table. If not, each access would copy the layout of all members.
  const properties = Object.create(null) as Record<string, Schema>;
  for (const key of Object.keys(raw)) lazyMember(properties, key, () => child(raw[key]));
  return properties;
}

/**
 * A schema node that reads from its JSON form. Members that contain schemas become lazy and are built by `child`. Other
 * known members are kept if they have the correct JSON type. The JSON is not copied and must not change afterwards.
 */
export function viewSchema(raw: JsonObject, child: Child): Schema {
  const node: Record<string, unknown> = {};
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (value !== undefined) READERS.get(name)?.(node, name, value, child);
  }
  return node;
}

const structural = oncePerObject((raw: JsonObject): Schema => viewSchema(raw, structuralSchema));

/**
 * Converts a CRD's `openAPIV3Schema` to a `Schema`. Members of a wrong JSON type are dropped, so that the other
 * functions of this room need not check the types of members. The same JSON object always yields the same node.
 */
export function structuralSchema(raw: JsonValue | undefined): Schema {
  return isJsonObject(raw) ? structural(raw) : EMPTY;
}

/** The schema that accepts every value. */
export const EMPTY: Schema = Object.freeze({});

/**
 * A copy of `base` in which members of `own` replace members of the same name. For example, a field may have another
 * `x-kubernetes-list-type` than the schema of its type. All other members are read from `base` on demand.
 */
export function deriveSchema(base: Schema, own: Schema): Schema {
  const node: Record<string, unknown> = {};
  for (const name of Object.keys(base)) {
    if (!Object.hasOwn(own, name)) lazyMember(node, name, () => base[name as keyof Schema]);
  }
  return Object.assign(node, own);
}

/** Getters that read the members of a node on each access, because the node may still be incomplete. */
export function lazyCopies(target: Schema): PropertyDescriptorMap {
  const member = (name: string): PropertyDescriptor => ({
    configurable: true,
    enumerable: true,
    get: () => target[name as keyof Schema],
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
    },
  });
  return Object.fromEntries([...READERS.keys()].map((name) => [name, member(name)]));
}
