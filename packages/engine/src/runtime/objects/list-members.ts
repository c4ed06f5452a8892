import { type JsonObject, type JsonValue, canonicalJson, isJsonObject, tryParseJson } from '@typekro/kit/core';

/** Members that identify items by the same keys, indexed by the values of these keys. */
interface Keyed {
  readonly keys: readonly string[];
  readonly members: Map<string, string>;
}

/** Returns the member of a field set that denotes a list item; undefined if there is none. */
export type FindMember = (item: JsonValue, index: number) => string | undefined;

/**
 * Returns a function that finds the member of a field set for an item. A member is `k:{…}`, `v:…` or `i:…`, as the API
 * server records fields of lists. The members are indexed once: a list may have a thousand items and as many members,
 * and a comparison of each item with each member would take too long.
 */
export function memberFinder(members: readonly string[]): FindMember {
  const keyed = new Map<string, Keyed>();
  const values = new Map<string, string>();
  const places = new Map<number, string>();
  for (const member of members) {
    const keys = memberKeysOf(member);
    if (keys !== undefined) {
      const names = Object.keys(keys).sort();
      const id = JSON.stringify(names);
      const known = keyed.get(id) ?? { keys: names, members: new Map<string, string>() };
      keyed.set(id, known);
      addFirst(known.members, valuesAt(keys, names), member);
    } else if (member.startsWith('v:')) {
      const value = parseMember(member);
      if (value !== undefined) addFirst(values, canonicalJson(value), member);
    } else if (member.startsWith('i:')) {
      addFirst(places, Number(member.slice(2)), member);
    }
  }
  return (item, index) => {
    for (const { keys, members: named } of keyed.values()) {
      if (!isJsonObject(item) || !keys.every((key) => Object.hasOwn(item, key))) continue;
      const found = named.get(valuesAt(item, keys));
      if (found !== undefined) return found;
    }
    return (values.size === 0 ? undefined : values.get(canonicalJson(item))) ?? places.get(index);
  };
}

/** The keys by which a member (`k:{…}`) identifies an item; undefined for a member without keys. */
export function memberKeysOf(member: string): JsonObject | undefined {
  const keys = member.startsWith('k:') ? parseMember(member) : undefined;
  return isJsonObject(keys) ? keys : undefined;
}

function parseMember(member: string): JsonValue | undefined {
  return tryParseJson(member.slice(2));
}

function valuesAt(item: JsonObject, keys: readonly string[]): string {
  return canonicalJson(keys.map((key) => item[key] ?? null));
}

function addFirst<Key>(map: Map<Key, string>, key: Key, member: string): void {
  if (!map.has(key)) map.set(key, member);
}
