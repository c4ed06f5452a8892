import { symbolic } from './proxy.ts';

/** Resources that were made outside a composition, and are written by the graph that they come into. */
const detached = new WeakSet<object>();

/** Notes a resource that was made outside a composition. */
export function markDetached(reference: object): void {
  detached.add(reference);
}

/** Makes a resource that was made outside part of the composition that names it. */
export function useDetached(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && detached.has(value)) symbolic(value);
  return value;
}
