import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, parseJson, stringifyJson } from '@typekro/kit/core';
import { keys } from '@typekro/engine/runtime';
import type { GraphWorld } from './graph-world.ts';

/** Metadata that the API server and the controller write, which snapshots omit. */
const OWN_METADATA: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
]);
const OWN_LABELS: ReadonlySet<string> = new Set([keys.PART_OF_LABEL, keys.MANAGED_BY_LABEL]);

/**
 * All objects of the instance, keyed by the id of their node, without the metadata that the API server and the
 * controller write.
 */
export async function snapshotOf(world: GraphWorld): Promise<JsonObject> {
  const result: JsonObject = {};
  for (const id of world.graph.order) {
    const node = world.graph.nodes.get(id);
    if (node === undefined || node.nodeType === 'external' || node.nodeType === 'externalCollection') continue;
    const objects = (await world.children(node)).map((object) => withoutUid(withoutOwn(object), object.metadata.uid));
    if (objects.length > 0) result[id] = node.nodeType === 'collection' ? objects : (objects[0] as JsonObject);
  }
  return result;
}

function withoutOwn({ metadata, ...rest }: KubeObject): JsonObject {
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(metadata as JsonObject)) {
    if (value === undefined || OWN_METADATA.has(name)) continue;
    const own = name === 'labels' || name === 'annotations' ? authorsMap(value) : value;
    if (own !== undefined) kept[name] = own;
  }
  const { apiVersion, kind, ...fields } = rest;
  return { apiVersion: apiVersion ?? '', kind: kind ?? '', metadata: kept, ...fields };
}

/** The string that replaces an object's UID in a snapshot. */
const OWN_UID = 'uid-of-this-object';

/** Replaces an object's UID, which differs in each run and also occurs in labels such as those of a Job's pods. */
function withoutUid(object: JsonObject, uid: string | undefined): JsonObject {
  const text = uid === undefined ? '' : stringifyJson(object);
  if (uid === undefined || !text.includes(uid)) return object;
  return parseJson(text.replaceAll(uid, OWN_UID)) as JsonObject;
}

function authorsMap(map: JsonValue): JsonValue | undefined {
  if (!isJsonObject(map)) return map;
  const entries = Object.entries(map).filter(([key]) => !OWN_LABELS.has(key) && !keys.isReservedKey(key));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
