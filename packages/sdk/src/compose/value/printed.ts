import { refuseMovedName } from '@typekro/kit/core';
import { refuse } from '../refusal/refusal.ts';
import { symbolic } from './proxy.ts';
import { Earlier, Maybe, SeenList, Splice } from './symbolic.ts';

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && symbolic(value) === undefined;

/** Is the value an object literal, or an object without a prototype? Objects of other realms also count. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The name of an object's class, for messages. */
export function classOf(value: object): string {
  const { constructor } = value as { constructor?: { name?: unknown } };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' || name === 'Object' ? 'object' : name;
}

/**
 * The string that JavaScript prints for a known value.
 *
 * @throws Refusal for values without a meaningful string: objects (`[object Object]`), functions, and lists that
 *   contain values of the graph.
 * @throws TypeError for a symbol, which only `String` and `toString` print.
 */
export function printedText(value: unknown): string {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
  if (typeof value === 'function') {
    refuseMovedName(value);
    return refuse('types', 'a function is printed into a string', 'call it, and print its result');
  }
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(printedItem).join(',');
  const text = isPlainObject(value) && !hasOwnText(value) ? undefined : String(value);
  if (text !== undefined && !text.startsWith('[object ')) return text;
  return refuse(
    'types',
    `${isPlainObject(value) ? 'an object' : `an object of the class ${classOf(value)}`} is printed into a string (it would print "[object Object]")`,
    'print one of its fields, or JSON.stringify it',
  );
}

const hasOwnText = (value: object): boolean => Object.hasOwn(value, 'toString') || !('toString' in value);

function printedItem(item: unknown): string {
  if (item === undefined || item === null) return '';
  const open = item instanceof Maybe || item instanceof Splice || item instanceof SeenList || item instanceof Earlier;
  if (open || symbolic(item) !== undefined)
    refuse('types', 'a list with symbolic elements is printed into a string', 'use .join(",")');
  return printedText(item);
}

/**
 * Returns the primitive value of an object with `Symbol.toPrimitive`, `valueOf` or an own `toString`. Returns other
 * values unchanged. The tracer calls these functions itself, because they may return a value of the graph, which the
 * host cannot convert.
 */
export function primitiveOf(value: unknown, hint: 'default' | 'number'): unknown {
  if (typeof value !== 'object' || value === null || symbolic(value) !== undefined || value instanceof Date)
    return value;
  const exotic: unknown = Reflect.get(value, Symbol.toPrimitive);
  if (typeof exotic === 'function') return Reflect.apply(exotic, value, [hint]);
  const own = (name: 'valueOf' | 'toString'): unknown => {
    const method: unknown = Reflect.get(value, name);
    const isOwn = typeof method === 'function' && (name === 'valueOf' || Object.hasOwn(value, name));
    return isOwn && method !== Object.prototype.valueOf ? Reflect.apply(method, value, []) : value;
  };
  const found = own('valueOf');
  return isObject(found) ? own('toString') : found;
}
