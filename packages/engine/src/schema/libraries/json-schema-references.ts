import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';

/**
 * Resolves a reference into the document: `#`, `#/$defs/X`, `#/definitions/X`, or any other JSON pointer. Names may
 * have percent escapes.
 */
export function resolvePointer(root: JsonObject, reference: string): JsonObject | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let current: JsonValue | undefined = root;
  for (const part of reference.split('/').slice(1)) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = current[Number(name)];
    else if (isJsonObject(current) && Object.hasOwn(current, name)) current = current[name];
    else return undefined;
  }
  return isJsonObject(current) ? current : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (thrown) {
    if (!(thrown instanceof URIError)) throw thrown;
    return part;
  }
}

/** Collects the schemas that a reference can denote by `$id` or `$anchor`. Objects may be shared and cyclic. */
export function collectIds(root: JsonObject, ids: Map<string, JsonObject>): void {
  const seen = new Set<object>();
  const open: JsonValue[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (!Array.isArray(value)) {
      if (typeof value['$id'] === 'string') ids.set(value['$id'], value);
      if (typeof value['$anchor'] === 'string') ids.set(`#${value['$anchor']}`, value);
    }
    for (const inner of Array.isArray(value) ? value : Object.values(value)) if (inner !== undefined) open.push(inner);
  }
}
