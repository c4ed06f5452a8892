import type { KubeObject } from '../core/index.ts';
import type { ResourceType } from './types.ts';

/**
 * Writes the type into an object of a list or a watch that does not name it. A server leaves the type out of the items
 * of built-in lists. Where only metadata was requested, it names the form of the answer, `PartialObjectMetadata`.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
