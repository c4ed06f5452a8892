import type { KubeObject } from '../../core/index.ts';

/** Only the metadata of an object. */
export function partialOf(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
