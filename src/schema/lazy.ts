import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Schema } from './model.ts';

/** Gives `target` a member that is computed at its first read and is a read-only value afterwards. */
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

/**
 * Makes a function that calls `make` once, at its first call, and returns the same result at every call. It then
 * releases `make` and the values that `make` refers to.
 */
export function once<T>(make: () => T): () => T {
  let state: { readonly make: () => T } | { readonly value: T } = { make };
  return () => {
    if ('make' in state) state = { value: state.make() };
    return state.value;
  };
}

type Child = (raw: JsonValue | undefined) => Schema;

/** The reader of each known member. A reader leaves out a value of a wrong JSON type. */
const READERS: ReadonlyMap<string, (node: object, name: string, value: JsonValue, child: Child) => void> = new Map([
  ...each(['items', 'not'], (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => child(value));
  }),
  ...each(['additionalProperties'], (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => child(value));
    else if (typeof value === 'boolean') put(node, name, value);
  }),
  ...each(['allOf', 'anyOf', 'oneOf'], (node, name, value, child) => {
    if (Array.isArray(value)) lazyMember(node, name, () => value.map((entry) => child(entry)));
  }),
  ...each(['properties'], (node, name, value, child) => {
    if (isJsonObject(value)) lazyMember(node, name, () => membersOf(value, child));
  }),
  ...each(['type'], (node, name, value) => {
    // Only the first type of a list counts.
    const first = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string' && first !== '') put(node, name, first);
  }),
  ...each(
    [
      'format',
      'title',
      'description',
      'pattern',
      'x-kubernetes-list-type',
      'x-kubernetes-map-type',
      'x-kubernetes-patch-strategy',
      'x-kubernetes-patch-merge-key',
    ],
    (node, name, value) => {
      if (typeof value === 'string') put(node, name, value);
    },
  ),
  ...each(
    [
      'minimum',
      'maximum',
      'multipleOf',
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
      'minProperties',
      'maxProperties',
    ],
    (node, name, value) => {
      if (typeof value === 'number' || typeof value === 'bigint') put(node, name, value);
    },
  ),
  ...each(
    [
      'nullable',
      'uniqueItems',
      'exclusiveMinimum',
      'exclusiveMaximum',
      'x-kubernetes-preserve-unknown-fields',
      'x-kubernetes-int-or-string',
      'x-kubernetes-embedded-resource',
    ],
    (node, name, value) => {
      if (typeof value === 'boolean') put(node, name, value);
    },
  ),
  ...each(['required', 'x-kubernetes-list-map-keys'], (node, name, value) => {
    if (Array.isArray(value))
      put(
        node,
        name,
        value.filter((entry) => typeof entry === 'string'),
      );
  }),
  ...each(['default'], (node, name, value) => {
    if (value !== null) put(node, name, value);
  }),
  ...each(['enum'], (node, name, value) => {
    if (Array.isArray(value)) put(node, name, value);
  }),
  ...each(['x-kubernetes-validations', 'x-kubernetes-group-version-kind'], (node, name, value) => {
    if (Array.isArray(value)) put(node, name, value.filter(isJsonObject));
  }),
]);

type Reader = (node: object, name: string, value: JsonValue, child: Child) => void;

function each(names: readonly string[], read: Reader): [string, Reader][] {
  return names.map((name) => [name, read]);
}

function put(node: object, name: string, value: unknown): void {
  Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true });
}

function membersOf(raw: JsonObject, child: Child): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  for (const key of Object.keys(raw)) lazyMember(properties, key, () => child(raw[key]));
  return properties;
}

/**
 * A schema node over its JSON form. Members that hold schemas become lazy and go through `child`. Known other members
 * are kept if they have the right JSON type. The JSON is not copied and must not change afterwards.
 */
export function viewSchema(raw: JsonObject, child: Child): Schema {
  const node: Record<string, unknown> = {};
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (value !== undefined) READERS.get(name)?.(node, name, value, child);
  }
  return node;
}

const structural = new WeakMap<JsonObject, Schema>();

/**
 * The schema of a CRD (`openAPIV3Schema`) as a `Schema`. Members of a wrong JSON type are left out, so that the other
 * functions of this room need not check the types of members. The same JSON object gives the same node.
 */
export function structuralSchema(raw: JsonValue | undefined): Schema {
  if (!isJsonObject(raw)) return EMPTY;
  let schema = structural.get(raw);
  if (schema === undefined) {
    schema = viewSchema(raw, structuralSchema);
    structural.set(raw, schema);
  }
  return schema;
}

/** The schema that accepts every value. */
export const EMPTY: Schema = Object.freeze({});

/**
 * The schema `base`, in which the members of `own` replace those of the same name. For example, a field may set another
 * list type than the type that it uses. All other members are read from `base` on demand.
 */
export function deriveSchema(base: Schema, own: Schema): Schema {
  const node: Record<string, unknown> = {};
  for (const name of Object.keys(base)) {
    if (!Object.hasOwn(own, name)) lazyMember(node, name, () => base[name as keyof Schema]);
  }
  return Object.assign(node, own);
}
