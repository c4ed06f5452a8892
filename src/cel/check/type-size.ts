import type { CelType } from '../types.ts';

/** The maximum number of names in the type of a map literal. The types of real expressions have some dozens. */
export const MAX_TYPE_SIZE = 2_000;

const sizes = new WeakMap<CelType, number>();

/** The number of names in the text of a type. Types share their parts, so the text can be far longer than the memory. */
export function typeSize(type: CelType): number {
  if (type.params.length === 0) return 1;
  let size = sizes.get(type);
  if (size === undefined) {
    size = type.params.reduce((sum, param) => sum + typeSize(param), 1);
    sizes.set(type, size);
  }
  return size;
}
