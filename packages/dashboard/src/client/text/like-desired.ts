import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';

/**
 * The parts of a live value that the desired value also has, in the order of the desired value. A view can then show
 * both side by side. Items of two lists are matched by their name or a similar field, otherwise by their position. A
 * longer live list keeps its additional items.
 */
export function likeDesired(live: JsonValue, desired: JsonValue): JsonValue {
  if (isJsonObject(live) && isJsonObject(desired)) {
    const entries = Object.entries(desired).flatMap(([key, wanted]): [string, JsonValue][] => {
      const found = Object.hasOwn(live, key) ? live[key] : undefined;
      return found === undefined || wanted === undefined ? [] : [[key, likeDesired(found, wanted)]];
    });
    return Object.fromEntries(entries);
  }
  if (!Array.isArray(live) || !Array.isArray(desired)) return live;
  const rest = [...live];
  const paired = desired.flatMap((wanted: JsonValue): JsonValue[] => {
    const at = placeOf(rest, wanted);
    return at < 0 ? [] : rest.splice(at, 1).map((found) => likeDesired(found, wanted));
  });
  return [...paired, ...rest];
}

function placeOf(items: readonly JsonValue[], wanted: JsonValue): number {
  if (!isJsonObject(wanted)) return items.length === 0 ? -1 : 0;
  const name = nameOf(wanted);
  return name === undefined
    ? items.length === 0
      ? -1
      : 0
    : items.findIndex((item) => isJsonObject(item) && nameOf(item) === name);
}

function nameOf(item: JsonObject): JsonValue | undefined {
  return item['name'] ?? item['containerPort'] ?? item['port'] ?? item['mountPath'] ?? item['key'];
}
