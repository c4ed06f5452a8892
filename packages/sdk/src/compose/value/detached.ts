import { symbolic } from './proxy.ts';

/** Resources that were made outside a composition. Each graph that uses such a resource writes the resource. */
const detached = new WeakSet<object>();

/** Notes a resource that was made outside a composition. */
export function markDetached(reference: object): void {
  detached.add(reference);
}

/**
 * Returns the value. If it is a resource that was made outside a composition, adds it to the composition that is being
 * traced.
 */
export function useDetached(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && detached.has(value)) symbolic(value);
  return value;
}
