import type { JsonObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';

/** The containers of a pod's specification, and then its init containers. */
export const containersOf = (spec: JsonObject | undefined): JsonObject[] => [
  ...objectsAt(spec, 'containers'),
  ...objectsAt(spec, 'initContainers'),
];
