import type { KubeObject } from '../core/index.ts';
import type { ResourceType } from './types.ts';

/**
 * Writes the requested type into an object of a list or a watch. A server leaves the type out of the items of built-in
 * lists. In answers with metadata only, the server writes the type `PartialObjectMetadata`.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
