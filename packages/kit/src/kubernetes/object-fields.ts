import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '../core/index.ts';

/** Members of metadata that the API server writes. */
const SERVER_METADATA = [
  'managedFields',
  'resourceVersion',
  'uid',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
];

/** The annotation in which kubectl's client-side apply stores the whole object. */
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** Returns the value if it is a string; otherwise `''`. */
export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Returns the value if it is an object; otherwise an empty object. The result must not be changed. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Returns the value if it is a list; otherwise an empty list. The result must not be changed. */
export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** The strings in a list; empty for a value that is not a list. */
export function asTexts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** The objects in a list; empty for a value that is not a list. */
export function asObjects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The object whose fields a function of this file reads. It may be undefined, so that calls can be nested. */
export type Parent = KubeObject | JsonObject | undefined;

/** The value at a path of member names; `undefined` if a member on the path is missing. */
export function valueAt(parent: Parent, ...path: readonly string[]): JsonValue | undefined {
  let value = parent as JsonValue | undefined;
  for (const step of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** The string at a path; `''` if there is none. */
export function textAt(parent: Parent, ...path: readonly string[]): string {
  return asText(valueAt(parent, ...path));
}

/** The number at a path; `undefined` if there is none. */
export function numberAt(parent: Parent, ...path: readonly string[]): number | undefined {
  const value = valueAt(parent, ...path);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}

/** The count at a path; 0 if there is none, because the API omits zeros. */
export function countAt(parent: Parent, ...path: readonly string[]): number {
  return numberAt(parent, ...path) ?? 0;
}

/** The object at a path; `undefined` if there is none. */
export function optionalAt(parent: Parent, ...path: readonly string[]): JsonObject | undefined {
  const value = valueAt(parent, ...path);
  return isJsonObject(value) ? value : undefined;
}

/** The object at a path; an empty object if there is none. The result must not be changed. */
export function objectAt(parent: Parent, ...path: readonly string[]): JsonObject {
  return asObject(valueAt(parent, ...path));
}

/** The list at a path; an empty list if there is none. */
export function listAt(parent: Parent, ...path: readonly string[]): readonly JsonValue[] {
  const value = valueAt(parent, ...path);
  return Array.isArray(value) ? value : [];
}

/** The objects in the list at a path; empty if there is no list. */
export function objectsAt(parent: Parent, ...path: readonly string[]): JsonObject[] {
  return asObjects(valueAt(parent, ...path));
}

/** An entry of `status.conditions`. */
export interface StatusCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /**
   * The object's generation from which its controller computed the condition; `undefined` if the condition has no such
   * field.
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

/**
 * The `lastTransitionTime` of a condition that is written with this status. While the status stays the same, the time
 * stays, too; otherwise it is `now`. Reference: `meta.SetStatusCondition` of apimachinery.
 *
 * @param known the condition that the object has, if any
 */
export function transitionTimeOf(known: JsonObject | undefined, status: string, now: string): JsonValue {
  return known?.['status'] === status ? (known['lastTransitionTime'] ?? now) : now;
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

/** An object without its status and without the metadata that the API server writes. */
export function withoutServerFields({ metadata, status: _status, ...rest }: KubeObject): JsonObject {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !SERVER_METADATA.includes(key)));
  return { ...(rest as JsonObject), metadata: kept };
}
