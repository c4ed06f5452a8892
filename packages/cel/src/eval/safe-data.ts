import { setOwn } from '@typekro/kit/core';
import { CelValue } from '../values.ts';

/**
 * A cache of objects and lists that an earlier inspection found to be plain at every depth. The cache also contains the
 * elements of plain lists, because new lists often contain the same objects. It does not contain deeper parts, because
 * thousands of objects would make it too large.
 */
const plain = new WeakSet<object>();

/**
 * Returns the data itself if all its parts are plain. A part is plain if it is an object or array without accessors and
 * with the usual prototype (or none). If a part is not plain, returns a copy of the own data properties, without
 * accessors and inherited properties. Reading the result runs no foreign code, unless the data is a Proxy or is changed
 * afterwards.
 */
export function safeData(data: unknown): unknown {
  if (!isContainer(data) || plain.has(data)) return data;
  const seen = inspect(data);
  if (seen === undefined) return copy(data);
  plain.add(data);
  if (Array.isArray(data)) for (const entry of data) if (isContainer(entry)) plain.add(entry);
  return data;
}

function isContainer(data: unknown): data is object {
  return typeof data === 'object' && data !== null && !(data instanceof CelValue) && !(data instanceof Uint8Array);
}

/**
 * Returns all objects that the data contains, or undefined when one of them is not plain. The search does not recurse,
 * so the data may be of any depth.
 */
function inspect(root: object): ReadonlySet<object> | undefined {
  const seen = new Set<object>([root]);
  for (const object of seen) {
    const prototype: unknown = Object.getPrototypeOf(object);
    const usual = Array.isArray(object) ? Array.prototype : Object.prototype;
    if (prototype !== usual && prototype !== null) return undefined;
    for (const key of Object.keys(object)) {
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      if (descriptor === undefined || !('value' in descriptor)) return undefined;
      const value: unknown = descriptor.value;
      if (typeof value === 'function' || typeof value === 'symbol') return undefined;
      if (isContainer(value) && !plain.has(value)) seen.add(value);
    }
  }
  return seen;
}

/** Copies the own data of objects and arrays; cycles stay cycles. */
function copy(root: object): object {
  const copies = new Map<object, object>();
  const work: object[] = [];
  const copyOf = (object: object): object => {
    let made = copies.get(object);
    if (made === undefined) {
      made = Array.isArray(object) ? [] : {};
      copies.set(object, made);
      work.push(object);
    }
    return made;
  };
  const result = copyOf(root);
  for (let object = work.pop(); object !== undefined; object = work.pop()) {
    const made = copies.get(object) as object;
    for (const key of Object.keys(object)) {
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      if (descriptor === undefined || !('value' in descriptor)) continue;
      const value: unknown = descriptor.value;
      if (typeof value === 'function' || typeof value === 'symbol') continue;
      setOwn(made, key, isContainer(value) ? copyOf(value) : value);
    }
  }
  return result;
}

/** Makes a function that reads an own property of plain data. It returns undefined when the property is absent. */
export function propertyReader(name: string): (data: Readonly<Record<string, unknown>>) => unknown {
  // Plain data inherits only from Object.prototype. A name that Object.prototype does not have is therefore an own
  // property or absent, and needs no `hasOwn`.
  if (name in Object.prototype) return (data) => (Object.hasOwn(data, name) ? data[name] : undefined);
  return (data) => data[name];
}
