import { closureOf } from './closure.ts';
import { KEYS } from './key-order.ts';
import { mergedPieces } from './value-nodes.ts';
import { hasTokens, symbolic } from './proxy.ts';
import { Maybe, SeenList, Splice } from './symbolic.ts';

/** Is the value a native list, or a plain object? */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || symbolic(value) !== undefined) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Does the value contain a symbolic value, or a function of the composition, at any depth of lists, plain objects, Maps
 * and Sets?
 */
export function isSymbolicDeep(value: unknown, known?: Set<object>): boolean {
  if (typeof value === 'string') return hasTokens(value);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  if (symbolic(value) !== undefined || closureOf(value) !== undefined) return true;
  if (value instanceof Maybe || value instanceof Splice || value instanceof SeenList) return true;
  if (mergedPieces(value) !== undefined || Object.hasOwn(value, KEYS)) return true;
  if (typeof value === 'function') return false;
  const seen = known ?? new Set();
  if (seen.has(value) || seen.size > 100_000) return false;
  seen.add(value);
  if (value instanceof Map || value instanceof Set) return [...value].some((item) => isSymbolicDeep(item, seen));
  if (!isPlain(value)) return false;
  const keys = Reflect.ownKeys(value);
  for (let index = 0; index < keys.length; index += 1) {
    if (isSymbolicDeep((value as Record<PropertyKey, unknown>)[keys[index] as PropertyKey], seen)) return true;
  }
  return false;
}
