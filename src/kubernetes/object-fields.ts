import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';

/** A value if it is a text; else `''`. */
export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A value if it is an object; else an empty object. The result is for reading only. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A value if it is a list; else an empty list. The result is for reading only. */
export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** The texts in a list; empty for a value that is not a list. */
export function asTexts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** The objects in a list; empty for a value that is not a list. */
export function asObjects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The object whose fields are read; undefined when an outer path ended early. */
export type Parent = KubeObject | JsonObject | undefined;

/** The value below an object along a path of member names; `undefined` where the path ends early. */
export function valueAt(parent: Parent, ...path: readonly string[]): JsonValue | undefined {
  let value = parent as JsonValue | undefined;
  for (const step of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** The text at a path; `''` where there is none. */
export function textAt(parent: Parent, ...path: readonly string[]): string {
  return asText(valueAt(parent, ...path));
}

/** The number at a path; `undefined` where there is none. */
export function numberAt(parent: Parent, ...path: readonly string[]): number | undefined {
  const value = valueAt(parent, ...path);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** The count at a path; 0 where there is none, because the API leaves zeros out. */
export function countAt(parent: Parent, ...path: readonly string[]): number {
  return numberAt(parent, ...path) ?? 0;
}

/** The object at a path; `undefined` where there is none. */
export function optionalAt(parent: Parent, ...path: readonly string[]): JsonObject | undefined {
  const value = valueAt(parent, ...path);
  return isJsonObject(value) ? value : undefined;
}

/** The object at a path; an empty object where there is none. The result is for reading only. */
export function objectAt(parent: Parent, ...path: readonly string[]): JsonObject {
  return asObject(valueAt(parent, ...path));
}

/** The list at a path; an empty list where there is none. */
export function listAt(parent: Parent, ...path: readonly string[]): readonly JsonValue[] {
  const value = valueAt(parent, ...path);
  return Array.isArray(value) ? value : [];
}

/** The objects in the list at a path; empty where there is no list. */
export function objectsAt(parent: Parent, ...path: readonly string[]): JsonObject[] {
  return asObjects(valueAt(parent, ...path));
}

/** An entry of `status.conditions`. */
export interface StatusCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /**
   * The generation of the object from which the controller computed the condition; `undefined` when the condition has
   * no such field.
   */
  readonly observedGeneration: number | undefined;
}

/** The condition of a type; `undefined` when the object has none. */
export function statusCondition(object: KubeObject, type: string): StatusCondition | undefined {
  return conditionIn(objectsAt(object, 'status', 'conditions'), type);
}

/** The condition of a type as JSON, with all its fields; `undefined` when the object has none. */
export function conditionOf(object: KubeObject, type: string): JsonObject | undefined {
  return objectsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type);
}

/** The condition of a type in a list; `undefined` when the list has none. */
export function conditionIn(list: readonly JsonObject[], type: string): StatusCondition | undefined {
  const found = list.find((entry) => entry['type'] === type);
  if (found === undefined) return undefined;
  const observedGeneration = found['observedGeneration'];
  return {
    status: textAt(found, 'status'),
    reason: textAt(found, 'reason'),
    message: textAt(found, 'message'),
    observedGeneration: typeof observedGeneration === 'number' ? observedGeneration : undefined,
  };
}
