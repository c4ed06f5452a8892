import { and, not, TRUE } from '../ir/build.ts';
import { setOwn } from '../../core/index.ts';
import type { Node } from '../ir/node.ts';
import { isLiteral } from '../ir/node.ts';
import { decide } from '../trace/current.ts';
import type { KeyEntry } from './key-order.ts';
import { keyEntries, KEYS, membersOf, notable, presenceOf, withKey } from './key-order.ts';
import { phi } from './merge.ts';

/** The own keys of an object that is written out, with the conditions under which it has them. */
export function ownKeys(object: object): readonly KeyEntry[] {
  return keyEntries(membersOf(object));
}

/** Whether an object that is written out has a key of its own: known, or a condition. */
export function hasOwnKey(object: object, key: string): boolean | Node {
  if (!Object.hasOwn(object, key)) return false;
  return noted(object) ? decide(presenceOf(ownKeys(object), key)) : true;
}

const noted = (object: object): boolean => Object.hasOwn(object, KEYS);

/** Sets a key of an object. */
export function setMember(object: object, key: PropertyKey, value: unknown): void {
  if (typeof key !== 'string' || !noted(object)) return setOwn(object, key, value);
  const entries = ownKeys(object);
  // Known here: under the condition of this branch the object has the key, though not in every case.
  const isThere = decide(presenceOf(entries, key)) === true;
  setOwn(object, key, value);
  note(object, isThere ? entries : withKey(entries, key, TRUE()));
}

/** Sets a key of an object where a condition holds; elsewhere the object stays as it is. */
export function setMemberWhen(object: object, key: string, test: Node, value: unknown): void {
  if (isLiteral(test, true)) return setMember(object, key, value);
  if (isLiteral(test, false)) return;
  const entries = ownKeys(object);
  const before = Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
  setOwn(object, key, phi(test, value, before));
  note(object, withKey(entries, key, test));
}

/** Takes a key away from an object. */
export function deleteMember(object: object, key: PropertyKey): void {
  if (typeof key !== 'string' || !noted(object)) {
    Reflect.deleteProperty(object, key);
    return;
  }
  const entries = ownKeys(object).filter((entry) => entry.key !== key);
  Reflect.deleteProperty(object, key);
  note(object, entries);
}

/** Takes a key away from an object where a condition holds. */
export function deleteMemberWhen(object: object, key: string, test: Node): void {
  if (isLiteral(test, true)) return deleteMember(object, key);
  if (isLiteral(test, false) || !Object.hasOwn(object, key)) return;
  const entries = ownKeys(object);
  setOwn(object, key, phi(test, undefined, (object as Record<string, unknown>)[key]));
  note(
    object,
    entries.map((entry) => (entry.key === key ? { ...entry, test: and(not(test), entry.test) } : entry)),
  );
}

/** Gives a changed copy of an object the conditions of its keys, changed in the same way. */
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
  const found = notable(entries, membersOf(object));
  if (found === undefined) Reflect.deleteProperty(object, KEYS);
  else setOwn(object, KEYS, found);
}
