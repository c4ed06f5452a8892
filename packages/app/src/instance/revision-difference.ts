import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';

/**
 * Lists the differences between two specs of a definition: fields of the schema, then changed and new nodes, then
 * removed nodes. The forms are `schema.spec.replicas`, `node deployment`, `+ node pdb` and `- node job`.
 */
export function graphDifferences(before: JsonObject, after: JsonObject): string[] {
  const [was, is] = [resourcesById(before), resourcesById(after)];
  const nodes = [...is].flatMap(([id, node]) => {
    const old = was.get(id);
    if (old === undefined) return [`+ node ${id}`];
    return jsonEquals(old, node) ? [] : [`node ${id}`];
  });
  const gone = [...was.keys()].filter((id) => !is.has(id)).map((id) => `- node ${id}`);
  return [...fieldDifferences(before['schema'], after['schema'], 'schema', MAX_DEPTH), ...nodes, ...gone];
}

/** The depth to which fields below `schema` are compared: `schema.spec.image` has depth 2. */
const MAX_DEPTH = 2;

/** Returns the resources in the spec of a definition, keyed by id. */
export const resourcesById = (spec: JsonObject): Map<string, JsonObject> =>
  new Map(objectsAt(spec, 'resources').map((node) => [textAt(node, 'id'), node]));

function fieldDifferences(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
  depth: number,
): string[] {
  if (before !== undefined && after !== undefined && jsonEquals(before, after)) return [];
  if (depth === 0 || !isJsonObject(before) || !isJsonObject(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const at = (object: JsonObject, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);
  return keys.flatMap((key) => {
    const [was, is] = [at(before, key), at(after, key)];
    return was === undefined && is === undefined ? [] : fieldDifferences(was, is, `${path}.${key}`, depth - 1);
  });
}
