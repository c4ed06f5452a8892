import { oncePerObject } from '@typekro/kit/core';
import type { CelType } from '../types.ts';

/** The maximum number of names in the type of a map literal. The types in real expressions have a few dozen names. */
export const MAX_TYPE_SIZE = 2_000;

/**
 * The number of type names in a type when it is printed. Type objects share their parts, so a small object can have a
 * very long printed form.
 */
export const typeSize: (type: CelType) => number = oncePerObject((type) =>
  type.params.reduce((sum, param) => sum + typeSize(param), 1),
);
