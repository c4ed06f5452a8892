import { and, cond, FALSE, not, or, TRUE } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { isLiteral } from '../ir/node.ts';

/**
 * The keys of an object that a condition decides on, under a symbol of the object. An object without this member has
 * all its own keys in every case. The values of such keys are `undefined` where the key is missing, so that whatever
 * only reads values need not look here.
 */
export const KEYS = Symbol('typekro.keys');

/** A key where a condition holds. The entries of one key exclude each other; entries are in JavaScript's order. */
export interface KeyEntry {
  readonly key: string;
  readonly test: Node;
  /** What the object held under the key when the entry was noted: code that is not traced may have replaced it since. */
  readonly value: unknown;
}

/** The contents of an object by key, as a snapshot of it holds them. */
export type Members = ReadonlyMap<PropertyKey, unknown>;

/** An object as a map of its own enumerable members. */
export function membersOf(object: object): Map<PropertyKey, unknown> {
  const members = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(object)) {
    if (Object.getOwnPropertyDescriptor(object, key)?.enumerable !== true) continue;
    members.set(key, (object as Record<PropertyKey, unknown>)[key]);
  }
  return members;
}

/** The keys of an object with the conditions under which it has them, in JavaScript's order. */
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

/** The keys after a key was set where a condition holds: a key that is there keeps its place. */
export function withKey(entries: readonly KeyEntry[], key: string, test: Node): readonly KeyEntry[] {
  const before = presenceOf(entries, key);
  const added = and(test, not(before));
  return isLiteral(added, false) ? entries : [...entries, { key, test: added, value: undefined }];
}

/** The keys of two branches as one list. Where the branches differ in the order, a key has an entry for each. */
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

/** The entries to note for an object; `undefined` when it has all its keys in every case. */
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

/** JavaScript lists keys that are positions first, by number. */
export function inListingOrder(entries: readonly KeyEntry[]): readonly KeyEntry[] {
  const positions = entries.filter(({ key }) => POSITION.test(key));
  if (positions.length === 0) return entries;
  positions.sort((a, b) => Number(a.key) - Number(b.key));
  return [...positions, ...entries.filter(({ key }) => !POSITION.test(key))];
}
