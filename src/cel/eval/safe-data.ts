import { setOwn } from '../../core/index.ts';
import { CelValue } from '../values.ts';

/**
 * Data found to be plain all through, so that the next look at it is cheap; of a list its entries, too, since lists
 * are made anew of the same objects. What is deeper is left out: of thousands of objects that would be most.
 */
const plain = new WeakSet<object>();

/**
 * The data itself if it is plain all through: objects and arrays with the usual prototypes (or none), no
 * accessors. Otherwise a copy of what is plain in it: accessors and inherited properties are absent, other
 * objects keep only their own data. Reading the result runs no foreign code, unless the data is a Proxy or
 * is changed afterwards.
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

/** All objects that can be reached; undefined when one of them is not plain. Needs no call stack, however deep the data. */
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

/** Reads an own property of plain data; undefined when it is absent. */
export function propertyReader(name: string): (data: Readonly<Record<string, unknown>>) => unknown {
  // Plain data inherits from nothing but Object.prototype, so that other names need no `hasOwn`.
  if (name in Object.prototype) return (data) => (Object.hasOwn(data, name) ? data[name] : undefined);
  return (data) => data[name];
}
