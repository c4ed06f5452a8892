import type { KubeObject } from '../core/index.ts';
import type { ResourceType } from './types.ts';

/**
 * Sets the apiVersion and kind of an object from a list or a watch, if it has no kind or the kind
 * `PartialObjectMetadata`. A server omits them in the items of built-in lists, and writes `PartialObjectMetadata` in
 * responses with only metadata.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
