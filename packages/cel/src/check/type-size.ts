import type { CelType } from '../types.ts';

/** The maximum number of names in the type of a map literal. The types in real expressions have a few dozen names. */
export const MAX_TYPE_SIZE = 2_000;

const sizes = new WeakMap<CelType, number>();

/**
 * The number of type names in a type when it is printed. Type objects share their parts, so a small object can have a
 * very long printed form.
 */
export function typeSize(type: CelType): number {
  if (type.params.length === 0) return 1;
  let size = sizes.get(type);
  if (size === undefined) {
    size = type.params.reduce((sum, param) => sum + typeSize(param), 1);
    sizes.set(type, size);
  }
  return size;
}
