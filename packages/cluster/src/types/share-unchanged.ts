import type { JsonObject, JsonValue } from '@typekro/kit/core';

/** Are the values equal, including the order of members? */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!sameJson(a[index], b[index])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const [left, right] = [Object.keys(a), Object.keys(b)];
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    const key = left[index] ?? '';
    if (key !== right[index] || !sameJson(a[key], b[key])) return false;
  }
  return true;
}

/**
 * Replaces the unchanged parts of `next` with the equal parts of `before`. Data that is cached for these parts, such as
 * their serialized form, then remains valid, and later comparisons are cheap. Changes `next` in place, except for
 * frozen parts. Returns `before` when nothing differs.
 */
export function shareUnchanged<T extends JsonValue | undefined>(before: JsonValue | undefined, next: T): T {
  if (before === next) return next;
  if (typeof before !== 'object' || typeof next !== 'object' || before === null || next === null) return next;
  if (Array.isArray(next)) return (Array.isArray(before) ? shareElements(before, next) : next) as T;
  return (Array.isArray(before) ? next : shareMembers(before, next)) as T;
}

function shareElements(before: JsonValue[], next: JsonValue[]): JsonValue[] {
  let same = before.length === next.length;
  const length = Math.min(before.length, next.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [before[index], next[index]];
    if (left === right || right === undefined) continue;
    const shared = shareUnchanged(left, right);
    if (shared !== left) same = false;
    if (shared !== right && !Object.isFrozen(next)) next[index] = shared;
  }
  return same ? before : next;
}

function shareMembers(before: JsonObject, next: JsonObject): JsonObject {
  const order = Object.keys(before);
  const keys = Object.keys(next);
  let same = order.length === keys.length;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] ?? '';
    if (order[index] !== key) same = false;
    const left = order[index] === key || Object.hasOwn(before, key) ? before[key] : undefined;
    const right = next[key];
    if (left === right) continue;
    const shared = shareUnchanged(left, right);
    if (shared !== left) same = false;
    if (shared !== right && key !== '__proto__' && !Object.isFrozen(next)) next[key] = shared;
  }
  return same ? before : next;
}

const unshared = new WeakSet<object>();

/** Was the object marked with `withoutSharing`? */
export const isUnshared = (object: object): boolean => unshared.has(object);

/**
 * Marks an object that is much larger than its stored form. Each reader creates it again, because the objects of a
 * collection together could be larger than the memory. Returns the object.
 */
export function withoutSharing<T extends object>(object: T): T {
  unshared.add(object);
  return object;
}
