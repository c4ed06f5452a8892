import type { JsonObject } from '../../core/index.ts';
import { objectsAt } from '../../kubernetes/index.ts';

/** The containers of a pod's specification, and then its init containers. */
export const containersOf = (spec: JsonObject | undefined): JsonObject[] => [
  ...objectsAt(spec, 'containers'),
  ...objectsAt(spec, 'initContainers'),
];
