import type { KubeObject } from '@typekro/kit/core';
import { refOf } from '@typekro/kit/core';

/**
 * Returns a copy of the object with the namespace. Returns the object unchanged if it already has a namespace, or if
 * `namespace` is undefined.
 */
export function withNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  const isPlaced = refOf(object).namespace !== undefined;
  return namespace === undefined || isPlaced ? object : { ...object, metadata: { ...object.metadata, namespace } };
}
