import { and, not, TRUE } from '../ir/build.ts';
import { setOwn } from '@typekro/kit/core';
import { type Node, isLiteral } from '../ir/node.ts';
import { decide } from '../trace/current-trace.ts';
import { type KeyEntry, keyEntries, KEYS, mapOfMembers, notable, presenceOf, withKey } from './key-order.ts';
import { phi } from './merge.ts';

/** The own keys of an object of the program, with the conditions under which it has them. */
export function ownKeys(object: object): readonly KeyEntry[] {
  return keyEntries(mapOfMembers(object));
}

/** Does an object of the program have this own key? Returns a boolean when this is known, and a condition when not. */
export function hasOwnKey(object: object, key: string): boolean | Node {
  if (!Object.hasOwn(object, key)) return false;
  return noted(object) ? decide(presenceOf(ownKeys(object), key)) : true;
}

const noted = (object: object): boolean => Object.hasOwn(object, KEYS);

/** Sets a key of an object. */
export function setMember(object: object, key: PropertyKey, value: unknown): void {
  if (typeof key !== 'string' || !noted(object)) return setOwn(object, key, value);
  const entries = ownKeys(object);
  // On the current path the object is known to have the key. On other paths it may lack the key.
  const isThere = decide(presenceOf(entries, key)) === true;
  setOwn(object, key, value);
  note(object, isThere ? entries : withKey(entries, key, TRUE()));
}

/** Sets a key of an object under a condition. Where the condition is false, the object does not change. */
export function setMemberWhen(object: object, key: string, test: Node, value: unknown): void {
  if (isLiteral(test, true)) return setMember(object, key, value);
  if (isLiteral(test, false)) return;
  const entries = ownKeys(object);
  const before = Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
  setOwn(object, key, phi(test, value, before));
  note(object, withKey(entries, key, test));
}

/** Deletes a key of an object. Returns false for a member that cannot be deleted. */
export function deleteMember(object: object, key: PropertyKey): boolean {
  if (typeof key !== 'string' || !noted(object)) return Reflect.deleteProperty(object, key);
  const entries = ownKeys(object).filter((entry) => entry.key !== key);
  if (!Reflect.deleteProperty(object, key)) return false;
  note(object, entries);
  return true;
}

/** Deletes a key of an object under a condition. */
export function deleteMemberWhen(object: object, key: string, test: Node): void {
  if (isLiteral(test, true)) {
    deleteMember(object, key);
    return;
  }
  if (isLiteral(test, false) || !Object.hasOwn(object, key)) return;
  const entries = ownKeys(object);
  setOwn(object, key, phi(test, undefined, (object as Record<string, unknown>)[key]));
  note(
    object,
    entries.map((entry) => (entry.key === key ? { ...entry, test: and(not(test), entry.test) } : entry)),
  );
}

/** Copies the conditions of an object's keys to a changed copy of the object. `change` is applied to each condition. */
export function copyKeys(from: object, to: object, change: (node: Node) => Node): void {
  if (!noted(from)) return;
  const entries = ownKeys(from).map(({ key, test }) => ({
    key,
    test: change(test),
    value: (to as Record<string, unknown>)[key],
  }));
  setOwn(to, KEYS, entries);
}

function note(object: object, entries: readonly KeyEntry[]): void {
  const found = notable(entries, mapOfMembers(object));
  if (found === undefined) Reflect.deleteProperty(object, KEYS);
  else setOwn(object, KEYS, found);
}
