import { type JsonObject, type JsonValue, isJsonObject } from './json.ts';
import { getOwn, setOwn } from './members.ts';

/**
 * Returns `base` with the members of `change`. Objects are merged member by member; `change` replaces all other values,
 * lists included.
 */
export function mergeJson(base: JsonObject, change: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const before = getOwn(base, key);
    setOwn(merged, key, isJsonObject(before) && isJsonObject(value) ? mergeJson(before, value) : value);
  }
  return merged;
}

/**
 * Applies a JSON merge patch (RFC 7386): objects are merged, `null` removes a member, and any other value replaces the
 * old value.
 */
export function applyMergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const out: JsonObject = {};
  const source = isJsonObject(target) ? target : {};
  for (const key of Object.keys(source)) {
    if (!(Object.hasOwn(patch, key) && patch[key] === null)) setOwn(out, key, source[key] ?? null);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) continue;
    setOwn(out, key, applyMergePatch(getOwn(source, key), value));
  }
  return out;
}
