import { symbolic } from './proxy.ts';

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

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && symbolic(value) === undefined;
