import type { KubeObject } from '../core/index.ts';

/**
 * Returns an object with the namespace, when the object has none. Without a namespace, returns the object unchanged.
 */
export function withNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  return namespace === undefined ? object : { ...object, metadata: { namespace, ...object.metadata } };
}
