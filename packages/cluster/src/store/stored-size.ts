/** The size limit of stored objects, and their size in memory. */
import { type KubeObject, isBuiltinGroup } from '@typekro/kit/core';
import { MAX_STORED_BYTES, STORED_TOO_LARGE } from '../errors/api-error.ts';
import { NotStored } from './journal.ts';

/** The maximum number of bytes of one UTF-16 code unit in JSON: an escape such as `\u0000`. */
const MAX_CHARACTER_BYTES = 6;

/** The characters that Go's JSON encoder escapes. */
// eslint-disable-next-line no-control-regex -- control characters are escaped in JSON
const ESCAPED = /["\\\u0000-\u001f<>&\u2028\u2029]/g;
/** Most strings: ASCII without escapes. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;
const SHORT_ESCAPES = new Set('"\\\b\f\n\r\t');

/**
 * Refuses to store an object of more than `MAX_STORED_BYTES`, except a change that does not enlarge an object: an
 * earlier release may have stored larger objects. `group` is the API group of the object's resource.
 *
 * @throws NotStored with etcd's message.
 */
export function checkStoredSize(group: string, object: KubeObject, previous: KubeObject | undefined): void {
  const form = isProtobuf(group) ? PROTOBUF : JSON_FORM;
  if (sizeOf(object, form, MAX_STORED_BYTES) <= MAX_STORED_BYTES) return;
  const before = previous === undefined ? 0 : sizeOf(previous, form, Number.MAX_SAFE_INTEGER);
  if (sizeOf(object, form, before) > before) throw new NotStored(STORED_TOO_LARGE, undefined);
}

/**
 * Does an API server store the objects of the group as protobuf? It stores custom resources and their definitions as
 * JSON. The groups of some custom resources also end in `.k8s.io`; for them, escapes in strings are not counted.
 */
const isProtobuf = (group: string): boolean => group !== 'apiextensions.k8s.io' && isBuiltinGroup(group);

/** A stored form: the number of bytes of a string, and the sizes of large frozen values. */
const PROTOBUF = { text: (text: string): number => Buffer.byteLength(text) + 2, sizes: new WeakMap<object, number>() };
const JSON_FORM: typeof PROTOBUF = { text: jsonTextBytes, sizes: new WeakMap() };

function jsonTextBytes(text: string): number {
  if (PLAIN.test(text)) return text.length + 2;
  let size = Buffer.byteLength(text) + 2;
  for (const [character] of text.matchAll(ESCAPED)) {
    size += SHORT_ESCAPES.has(character) ? 1 : MAX_CHARACTER_BYTES - Buffer.byteLength(character);
  }
  return size;
}

/**
 * The size of a value as JSON, in bytes, without resource versions, which every write changes. Counting stops when the
 * size is above `limit`, because defaults and expressions can make a value whose JSON is larger than the memory.
 */
function sizeOf(value: unknown, form: typeof PROTOBUF, limit: number): number {
  if (typeof value === 'string') return form.text(value);
  if (typeof value !== 'object' || value === null) return String(value).length;
  const known = form.sizes.get(value);
  if (known !== undefined) return known;
  const keys = Object.keys(value);
  let size = keys.length === 0 ? 2 : 1;
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined || key === 'resourceVersion') continue;
    size += Array.isArray(value) ? 1 : form.text(key) + 2;
    size += sizeOf(member, form, limit - size);
    if (size > limit) return size;
  }
  if (size >= MIN_KNOWN_BYTES && Object.isFrozen(value)) form.sizes.set(value, size);
  return size;
}

/** The memory of values on V8's heap without their parts, in bytes. */
const HEAP_BYTES = { object: 56, list: 32, text: 16, element: 8, member: 8, memberOfMap: 64 };
/** An object with more members is a hash table, in which each member has a string of its own as the key. */
const MAX_SMALL_MEMBERS = 20;

/**
 * Estimates the memory, in bytes, of the parts of a JSON value that another value does not share. Equal objects and
 * lists are shared only if they are the same, and strings if they are equal and at the same place (`shareUnchanged`).
 */
export function unsharedBytes(value: unknown, other: unknown): number {
  if (typeof value === 'string') return value === other ? 0 : HEAP_BYTES.text + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null || value === other) return 0;
  const isWhole = typeof other !== 'object' || other === null;
  const known = isWhole ? MEMORY.get(value) : undefined;
  if (known !== undefined) return known;
  const members = (typeof other === 'object' ? other : null) ?? {};
  const keys = Object.keys(value);
  const isList = Array.isArray(value);
  const each = isList
    ? HEAP_BYTES.element
    : keys.length > MAX_SMALL_MEMBERS
      ? HEAP_BYTES.memberOfMap
      : HEAP_BYTES.member;
  let bytes = (isList ? HEAP_BYTES.list : HEAP_BYTES.object) + keys.length * each;
  for (const key of keys) {
    const member = (value as Record<string, unknown>)[key];
    bytes += unsharedBytes(member, Object.hasOwn(members, key) ? (members as Record<string, unknown>)[key] : undefined);
  }
  if (isWhole && bytes >= MIN_KNOWN_BYTES && Object.isFrozen(value)) MEMORY.set(value, bytes);
  return bytes;
}

/** The memory of large frozen values, which the versions of an object and the pods of a template share. */
const [MEMORY, MIN_KNOWN_BYTES] = [new WeakMap<object, number>(), 4096];

/** The memory, in bytes, of an object whose write takes twice as long as that of a small one: measured. */
const WORK_BYTES = 16 * 1024;

/** The work of a write of an object, in writes of a small object. */
export const workOf = (object: KubeObject): number => 1 + unsharedBytes(object, undefined) / WORK_BYTES;
