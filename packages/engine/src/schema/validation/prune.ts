import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { type PathPart, fieldPath } from './field-error.ts';
import { builtinSource } from '../builtin-source.ts';
import { isOpaque } from '../builtin-types.ts';
import type { Schema } from '../model.ts';

/** A pruned value, and the paths of the removed fields. */
export interface Pruned {
  readonly value: JsonValue;
  /** Paths of removed fields, sorted: `spec.nested.zz`, `spec.list[0].x`. */
  readonly unknown: readonly string[];
}

/** The members that every object has, even if the schema of a resource does not declare them. */
const TYPE_MEMBERS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** The schema of every object's metadata. */
const objectMeta = (): Schema => builtinSource().typeNamed('meta.v1.ObjectMeta');

/**
 * The depth at which a value is truncated. Deeper objects and lists become empty, and `unknown` does not list their
 * fields.
 */
const MAX_DEPTH = 500;

/** The options of {@link prune}. */
export interface PruneOptions {
  /**
   * Is the value a whole resource? If so, `apiVersion`, `kind` and `metadata` are kept even if the schema does not
   * declare them. Default true.
   */
  readonly resource?: boolean;
}

/**
 * Removes and lists the fields that a schema does not specify, as an API server does before it stores a custom
 * resource. With `x-kubernetes-preserve-unknown-fields`, unknown fields are kept, except inside declared members. The
 * metadata of the object and of embedded resources keeps only the fields of ObjectMeta. The given value does not
 * change; the result shares its unchanged parts.
 */
export function prune(schema: Schema, value: JsonValue, options: PruneOptions = {}): Pruned {
  const unknown: string[] = [];
  const steps: PathPart[] = [];
  const report = (name: string): void => {
    unknown.push(fieldPath([...steps, name]));
  };

  const keepObject = (
    schema: Schema | undefined,
    object: JsonObject,
    typeMembers: boolean,
    open: boolean,
  ): JsonObject => {
    let result: JsonObject | undefined;
    for (const name of Object.keys(object)) {
      const member = object[name];
      if (member === undefined || (typeMembers && TYPE_MEMBERS.has(name) && name !== 'metadata')) continue;
      const meta = typeMembers && name === 'metadata';
      const child = meta ? objectMeta() : schema === undefined ? UNKNOWN : childOf(schema, name);
      if (child === UNKNOWN) {
        if (open) continue;
        report(name);
        delete (result ??= { ...object })[name];
        continue;
      }
      steps.push(name);
      const kept = keep(child, member, false);
      steps.pop();
      if (kept !== member) (result ??= { ...object })[name] = kept;
    }
    return result ?? object;
  };

  const keepList = (items: Schema | undefined, list: JsonValue[], open: boolean): JsonValue[] => {
    let result: JsonValue[] | undefined;
    for (let index = 0; index < list.length; index += 1) {
      const element = list[index] ?? null;
      steps.push(index);
      const kept = keep(items, element, false, open);
      steps.pop();
      if (kept !== element) (result ??= [...list])[index] = kept;
    }
    return result ?? list;
  };

  // `around`: is the value an element of a list that keeps unknown fields? If so, the element also keeps unknown
  // fields.
  const keep = (schema: Schema | undefined, value: JsonValue, root: boolean, around = false): JsonValue => {
    if (typeof value !== 'object' || value === null) return value;
    if (steps.length > MAX_DEPTH) return Array.isArray(value) ? [] : {};
    if (schema === undefined && around) return value;
    const open = around || (schema !== undefined && isOpen(schema));
    if (Array.isArray(value)) return keepList(schema?.items, value, open);
    return keepObject(schema, value, root || schema?.['x-kubernetes-embedded-resource'] === true, open);
  };

  const kept = keep(schema, value, options.resource !== false);
  return { value: kept, unknown: unknown.sort() };
}

const isOpen = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true || isOpaque(schema);

/**
 * The result of `childOf` for a member that the schema neither declares nor allows. For an allowed member without a
 * schema, the result is `undefined`.
 */
const UNKNOWN = Symbol('unknown member');

function childOf(schema: Schema, name: string): Schema | undefined | typeof UNKNOWN {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  if (typeof additionalProperties === 'object') return additionalProperties;
  return additionalProperties === undefined ? UNKNOWN : undefined;
}
