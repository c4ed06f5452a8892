import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { toJsonText } from '../codec-json.ts';
import { setMember } from '../types/decode.ts';
import type { ObjectNode } from '../types/node.ts';
import type { FieldTree } from './tree.ts';
import { claimedPaths } from './manager.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The manager `kubectl` takes over objects that were applied by the client before: their annotation is
 * rewritten to the new configuration, and what it declared may be changed without force.
 */
export function applyLastApplied(
  live: KubeObject | undefined,
  config: JsonObject,
  manager: string,
  force: boolean,
  node: ObjectNode,
): { config: JsonObject; force: boolean | FieldTree } {
  const last = live?.metadata.annotations?.[ANNOTATION];
  if (manager !== 'kubectl' || last === undefined) return { config, force };
  const declared = declaredBy(last);
  const metadata = isJsonObject(config['metadata']) ? config['metadata'] : {};
  const annotations = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
  const { [ANNOTATION]: _, ...others } = annotations;
  const { annotations: _annotations, ...named } = metadata;
  const described = { ...config, metadata: Object.keys(others).length === 0 ? named : { ...named, annotations: others } };
  const text = `${toJsonText(sortedMembers(described))}\n`;
  const rewritten = { ...config, metadata: { ...metadata, annotations: { ...others, [ANNOTATION]: text } } };
  if (force || declared === undefined) return { config: rewritten, force };
  const paths = claimedPaths(node, {
    ...declared,
    metadata: {
      ...(isJsonObject(declared['metadata']) ? declared['metadata'] : {}),
      annotations: { ...annotationsOf(declared), [ANNOTATION]: '' },
    },
  });
  return { config: rewritten, force: paths };
}

/** Members in alphabetical order, as kubectl writes them. */
function sortedMembers(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedMembers);
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value).sort()) setMember(out, key, sortedMembers(value[key] ?? null));
  return out;
}

const annotationsOf = (object: JsonObject): JsonObject => {
  const metadata = object['metadata'];
  return isJsonObject(metadata) && isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
};

/** Annotations are written by users; what is no JSON object declares nothing. */
function declaredBy(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
