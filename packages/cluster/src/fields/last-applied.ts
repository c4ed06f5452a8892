import { type JsonObject, type KubeObject, canonicalJson, isJsonObject, parseJson } from '@typekro/kit/core';
import { LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import { toJsonText, tryParseStrictJson } from '../codec/json.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { claimedPaths } from './ownership.ts';
import type { FieldTree } from './tree.ts';

const MANAGER = 'kubectl';

const annotationsOf = (object: JsonObject): JsonObject => {
  const metadata = object['metadata'];
  return isJsonObject(metadata) && isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
};

/**
 * The fields that the manager `kubectl` may change without force: the fields that kubectl's client-side apply recorded
 * in the annotation of the stored object. Returns `undefined` for other managers, and when the object has no such
 * annotation.
 */
export function declaredBefore(live: KubeObject | undefined, manager: string, node: ObjectNode): FieldTree | undefined {
  const text = live?.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (manager !== MANAGER || text === undefined) return undefined;
  const declared = tryParseStrictJson(text);
  // Users can write any string.
  if (!isJsonObject(declared)) return undefined;
  const metadata = isJsonObject(declared['metadata']) ? declared['metadata'] : {};
  return claimedPaths(node, {
    ...declared,
    metadata: { ...metadata, annotations: { ...annotationsOf(declared), [LAST_APPLIED_ANNOTATION]: '' } },
  });
}

/**
 * Sets kubectl's annotation `last-applied-configuration` to the configuration that `kubectl` applies now. Does nothing
 * for other managers, and for objects without the annotation.
 */
export function rewriteLastApplied(object: KubeObject, config: JsonObject, manager: string): void {
  const { annotations } = object.metadata;
  if (manager !== MANAGER || annotations?.[LAST_APPLIED_ANNOTATION] === undefined) return;
  const metadata = isJsonObject(config['metadata']) ? config['metadata'] : {};
  const { annotations: _annotations, ...named } = metadata;
  const { [LAST_APPLIED_ANNOTATION]: _own, ...others } = annotationsOf(config);
  const described = {
    ...config,
    metadata: Object.keys(others).length === 0 ? named : { ...named, annotations: others },
  };
  object.metadata.annotations = {
    ...annotations,
    [LAST_APPLIED_ANNOTATION]: `${toJsonText(parseJson(canonicalJson(described)))}\n`,
  };
}
