import { type JsonObject, type KubeObject, isJsonObject, setOwn } from '@typekro/kit/core';

/** Returns the member as an object. If the member is missing or not an object, sets it to an empty object. */
export function ensureAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (isJsonObject(value)) return value;
  const created: JsonObject = {};
  parent[key] = created;
  return created;
}

/** Sets the defaults of members that are missing, null or an empty string. A missing target stays missing. */
export function fill(target: JsonObject | undefined, defaults: JsonObject): void {
  if (target === undefined) return;
  for (const [key, value] of Object.entries(defaults)) {
    const present = target[key];
    if ((present === undefined || present === null || present === '') && value !== undefined) target[key] = value;
  }
}

/** Freezes a JSON value deeply. Parts that are already frozen are skipped. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const key in value) deepFreeze(value[key]);
  }
  return value;
}

/** A mutable deep copy of a frozen object. */
export const thaw = (object: KubeObject): KubeObject => copyJson(object);

/** A deep copy of a JSON value. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(out, key, copyJson((value as Record<string, unknown>)[key]));
  return out as T;
}
