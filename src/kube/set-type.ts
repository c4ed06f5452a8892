import type { KubeObject } from '../core/index.ts';
import type { ResourceType } from './types.ts';

/**
 * Writes the type into an object of a list or a watch that does not name it: a server leaves the type out of the items
 * of built-in lists, and names the form of the answer, `PartialObjectMetadata`, where metadata only was asked for.
 */
export function setType(object: KubeObject, { apiVersion, kind }: ResourceType): void {
  const isPartial = object.kind === 'PartialObjectMetadata';
  if (isPartial || object.apiVersion === undefined) object.apiVersion = apiVersion;
  if (isPartial || object.kind === undefined) object.kind = kind;
}
