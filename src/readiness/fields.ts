import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';

/** The value below an object along a path of member names; undefined where the path ends early. */
export function at(object: KubeObject | JsonObject, ...path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object as JsonObject;
  for (const step of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** A counter; the API leaves out zeros. */
export function count(object: KubeObject, ...path: readonly string[]): number {
  const value = at(object, ...path);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}

/** A number, or undefined when there is none. */
export function numberAt(object: KubeObject, ...path: readonly string[]): number | undefined {
  const value = at(object, ...path);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** A text; empty when there is none. */
export function textAt(object: KubeObject | JsonObject, ...path: readonly string[]): string {
  const value = at(object, ...path);
  return typeof value === 'string' ? value : '';
}

/** The objects in a list; empty when there is none. */
export function objectsAt(object: KubeObject | JsonObject, ...path: readonly string[]): JsonObject[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** An entry of `status.conditions`. */
export interface StatusCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Generation that the condition speaks of; undefined where controllers do not say. */
  readonly observedGeneration: number | undefined;
}

/** The condition of a type; undefined when the object has none. */
export function condition(object: KubeObject, type: string): StatusCondition | undefined {
  return conditionIn(objectsAt(object, 'status', 'conditions'), type);
}

/** The condition of a type in a list. */
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
