import type { KubeObject } from '@typekro/kit/core';
import type { ResourceType } from './types.ts';

/**
 * Sets a missing apiVersion or kind of an object from a list or a watch. Replaces both if the kind is
 * `PartialObjectMetadata`. A server omits the apiVersion and the kind in the items of built-in lists, and writes
 * `PartialObjectMetadata` in responses with only metadata.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
