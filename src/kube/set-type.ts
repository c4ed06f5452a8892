import type { KubeObject } from '../core/index.ts';
import type { ResourceType } from './types.ts';

/**
 * Writes the requested type into an object of a list or a watch that has no type, or the type `PartialObjectMetadata`.
 * A server leaves the type out of the items of built-in lists, and writes `PartialObjectMetadata` in answers with
 * metadata only.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
