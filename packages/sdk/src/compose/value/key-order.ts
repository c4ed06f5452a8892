import { and, cond, FALSE, not, or, TRUE } from '../ir/build.ts';
import { type Node, isLiteral } from '../ir/node.ts';

/**
 * The symbol under which an object stores its conditional keys. An object without this member has all its own keys in
 * every case. The value of a conditional key is `undefined` where the key is missing, so that code that only reads
 * values can ignore this member.
 */
export const KEYS = Symbol('typekro.keys');

/**
 * A key with the condition under which the object has it. If several entries have the same key, their conditions
 * exclude each other. The entries are in the order in which JavaScript lists the keys, except for integer keys such as
 * `0`: `inListingOrder` moves them to the front.
 */
export interface KeyEntry {
  readonly key: string;
  readonly test: Node;
  /** The value of the key when the entry was recorded. Code that is not traced may have replaced it since. */
  readonly value: unknown;
}

/** The contents of an object by key, as a snapshot stores them. */
export type Members = ReadonlyMap<PropertyKey, unknown>;

/** Converts an object to a map of its own enumerable members. */
export function mapOfMembers(object: object): Map<PropertyKey, unknown> {
  const members = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(object)) {
    if (Object.getOwnPropertyDescriptor(object, key)?.enumerable !== true) continue;
    members.set(key, (object as Record<PropertyKey, unknown>)[key]);
  }
  return members;
}

/** The keys of an object with the conditions under which it has them, in the order of `KeyEntry`. */
export function keyEntries(members: Members): readonly KeyEntry[] {
  const names = [...members.keys()].filter((key) => typeof key === 'string');
  const noted = (members.get(KEYS) ?? []) as readonly KeyEntry[];
  const kept = noted.filter(({ key, value }) => members.has(key) && Object.is(members.get(key), value));
  const known = new Set(kept.map(({ key }) => key));
  const certain = names.filter((key) => !known.has(key));
  return [...kept, ...certain.map((key) => ({ key, test: TRUE(), value: members.get(key) }))];
}

/** The condition under which an object has a key. */
export function presenceOf(entries: readonly KeyEntry[], key: string): Node {
  return entries.filter((entry) => entry.key === key).reduce((found, { test }) => or(found, test), FALSE());
}

/** The entries after a key was set under a condition. A key that is already present keeps its position. */
export function withKey(entries: readonly KeyEntry[], key: string, test: Node): readonly KeyEntry[] {
  const before = presenceOf(entries, key);
  const added = and(test, not(before));
  return isLiteral(added, false) ? entries : [...entries, { key, test: added, value: undefined }];
}

/**
 * The keys of two branches as one list. When the branches have a key at different positions, the key has an entry for
 * each branch.
 */
export function joinKeys(test: Node, a: readonly KeyEntry[], b: readonly KeyEntry[]): readonly KeyEntry[] {
  const joined: KeyEntry[] = [];
  const lastPlace = (entries: readonly KeyEntry[]) => new Map(entries.map(({ key }, place) => [key, place]));
  const [lastOfA, lastOfB] = [lastPlace(a), lastPlace(b)];
  const add = (key: string, when: Node) => void joined.push({ key, test: when, value: undefined });
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (x !== undefined && y !== undefined && x.key === y.key) {
      add(x.key, cond(test, x.test, y.test));
      i++;
      j++;
    } else if (y === undefined || (x !== undefined && (lastOfB.get(x.key) ?? -1) < j)) {
      add((x as KeyEntry).key, and(test, (x as KeyEntry).test));
      i++;
    } else if (x === undefined || (lastOfA.get(y.key) ?? -1) < i) {
      add(y.key, and(not(test), y.test));
      j++;
    } else {
      add(x.key, and(test, x.test));
      i++;
    }
  }
  return joined;
}

/** The entries to store in an object; `undefined` when the object has all its keys in every case. */
export function notable(entries: readonly KeyEntry[], members: Members): readonly KeyEntry[] | undefined {
  const all = new Map<string, KeyEntry>();
  const merged: KeyEntry[] = [];
  for (const { key, test } of entries) {
    const last = merged.at(-1);
    const entry = { key, test: last?.key === key ? or(last.test, test) : test, value: members.get(key) };
    if (last?.key === key) merged.pop();
    merged.push(entry);
    all.set(key, entry);
  }
  const names = [...members.keys()].filter((key) => typeof key === 'string');
  const plain =
    merged.length === names.length &&
    merged.every(({ key, test }, place) => isLiteral(test, true) && key === names[place]);
  return plain ? undefined : merged;
}

const POSITION = /^(?:0|[1-9]\d*)$/;

/** The entries in the order in which JavaScript lists keys: integer keys first, in numeric order. */
export function inListingOrder(entries: readonly KeyEntry[]): readonly KeyEntry[] {
  const positions = entries.filter(({ key }) => POSITION.test(key));
  if (positions.length === 0) return entries;
  positions.sort((a, b) => Number(a.key) - Number(b.key));
  return [...positions, ...entries.filter(({ key }) => !POSITION.test(key))];
}
