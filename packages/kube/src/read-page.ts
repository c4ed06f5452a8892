import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { answerJson } from './http/answer-reader.ts';
import { KubeError } from './kube-error.ts';
import type { ResourceType } from './kube-api.ts';

/**
 * Reads a page of a list.
 *
 * @throws KubeError `kube/malformed-list` for a response that is not a list of objects.
 */
export function readPage(type: ResourceType, text: string) {
  const list = answerJson(text, `list ${type.kind}`);
  const { metadata, items: listed }: JsonObject = isJsonObject(list) ? list : {};
  // Servers written in Go encode an empty list as `null`.
  const values = listed ?? [];
  // Any other response is an error. If it counted as an empty list, the caller would conclude that all objects were
  // deleted.
  if (!isJsonObject(metadata) || !Array.isArray(values) || !values.every(isObject)) {
    const message = `the server responded without a list of ${type.kind}`;
    throw new KubeError(message, { status: 200, reason: 'MalformedList' });
  }
  const items = values as KubeObject[];
  for (const item of items) setType(item, type);
  const { continue: next, resourceVersion: version } = metadata;
  return {
    items,
    resourceVersion: typeof version === 'string' ? version : '',
    next: typeof next === 'string' && next !== '' ? next : undefined,
  };
}

function isObject(value: JsonValue): boolean {
  return isJsonObject(value) && isJsonObject(value['metadata']);
}

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
