import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { setOwn } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';

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
    setOwn(out, key, applyMergePatch(Object.hasOwn(source, key) ? source[key] : undefined, value));
  }
  return out;
}
