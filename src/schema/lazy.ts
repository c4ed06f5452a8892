import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Schema } from './model.ts';

/** Gives `target` a member that is computed when it is first read and is an ordinary value afterwards. */
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

/** Members of a schema that hold one schema, a list of schemas, or schemas by name. */
const SINGLE = new Set(['items', 'not', 'additionalProperties']);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf']);

/**
 * A schema node over its JSON form. Members that hold schemas become lazy and go through `child`;
 * everything else is taken as it is, except that a list of types counts by its first entry. The JSON is
 * not copied and must not change afterwards.
 */
export function viewSchema(raw: JsonObject, child: (raw: JsonValue | undefined) => Schema): Schema {
  const node: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'properties' && isJsonObject(value)) {
      lazyMember(node, name, () => {
        const properties: Record<string, Schema> = Object.fromEntries(Object.keys(value).map((key) => [key, EMPTY]));
        for (const key of Object.keys(value)) lazyMember(properties, key, () => child(value[key]));
        return properties;
      });
    } else if (SINGLE.has(name) && isJsonObject(value)) {
      lazyMember(node, name, () => child(value));
    } else if (LISTS.has(name) && Array.isArray(value)) {
      lazyMember(node, name, () => value.map((entry) => child(entry)));
    } else if (name === 'type' && Array.isArray(value)) {
      const [first] = value;
      if (typeof first === 'string') node['type'] = first;
    } else if (name !== '__proto__') {
      node[name] = value;
    }
  }
  return node;
}

/** The schema that allows everything and says nothing. */
export const EMPTY: Schema = Object.freeze({});

/**
 * The same schema with other members of its own, for example a list type stated where the type is used.
 * Members that are not overridden are read from `base` on demand.
 */
export function deriveSchema(base: Schema, own: Schema): Schema {
  const node: Record<string, unknown> = {};
  for (const name of Object.keys(base)) {
    if (!Object.hasOwn(own, name)) lazyMember(node, name, () => base[name as keyof Schema]);
  }
  return Object.assign(node, own);
}
