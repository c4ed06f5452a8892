import { symbolic } from './proxy.ts';

/**
 * The primitive value that `Symbol.toPrimitive`, `valueOf` or an own `toString` of an object gives; other values as they
 * are. The functions may give a value of the graph, which a conversion by the host cannot read.
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

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && symbolic(value) === undefined;
