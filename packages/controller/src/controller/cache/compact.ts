import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { internJson, internString } from './intern.ts';

/**
 * Makes a compact copy of an object that stays in memory for a long time. The copy is small because the JSON parser
 * reserves memory for exactly the members of an object. Equal finalizers, conditions, single labels and single
 * annotations are stored once for all objects, and so are most equal strings.
 */
export function compact(object: KubeObject): KubeObject {
  const copy = packed(object);
  // An object with large integers was not copied. Its parts also belong to the projection, which must not change.
  if (copy !== object) shareParts(copy);
  return copy;
}

function shareParts(copy: KubeObject): void {
  const { metadata, spec, status } = copy;
  share(copy, ['apiVersion', 'kind']);
  // The UID is also in the labels of an instance's objects, and in the record of a Graph's objects.
  share(metadata, ['namespace', 'creationTimestamp', 'uid']);
  if (metadata.labels !== undefined) {
    share(metadata.labels);
    // An object of a Graph has a single label by default. The objects of equal Graphs have equal labels.
    if (Object.keys(metadata.labels).length === 1) metadata.labels = internJson(metadata.labels);
  }
  if (metadata.annotations !== undefined) {
    share(metadata.annotations);
    // A single annotation is often the apply order, which many objects have in common. An inventory is unique.
    if (Object.keys(metadata.annotations).length === 1) metadata.annotations = internJson(metadata.annotations);
  }
  if (metadata.finalizers !== undefined) metadata.finalizers = internJson(metadata.finalizers);
  // Only a Graph has nodes and a record of its objects.
  if (Array.isArray(spec?.['nodes'])) shareLeaves(spec, MAX_DEPTH);
  if (Array.isArray(status?.['managedResources'])) {
    share(status, ['appliedServiceAccount']);
    for (const entry of status['managedResources']) if (isJsonObject(entry)) share(entry);
  }
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return;
  for (const [index, condition] of conditions.entries()) {
    if (!isJsonObject(condition)) continue;
    share(condition);
    conditions[index] = internJson(condition);
  }
}

/** The maximum depth at which parts of a spec are shared. The data in the template of a node has this depth. */
const MAX_DEPTH = 6;

/**
 * Interns the strings and the innermost objects of a spec. Graphs that differ only in names share these values.
 * `metadata` contains a name, so it is not interned as a whole.
 */
function shareLeaves(holder: JsonObject | JsonValue[], depth: number): void {
  share(holder);
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== 'object' || value === null) continue;
    const isLeaf = Object.values(value).every((member) => typeof member !== 'object');
    if (isLeaf && key !== 'metadata') Reflect.set(holder, key, internJson(value));
    else if (depth > 0) shareLeaves(value, depth - 1);
  }
}

function packed(object: KubeObject): KubeObject {
  try {
    return JSON.parse(JSON.stringify(object)) as KubeObject;
  } catch (thrown) {
    // Objects with integers beyond 2⁵³ are rare and are not compacted.
    if (thrown instanceof TypeError) return object;
    throw thrown;
  }
}

/** Interns the strings of these members (default: all members). */
function share(holder: object, members: readonly string[] = Object.keys(holder)): void {
  for (const member of members) {
    const text: unknown = Reflect.get(holder, member);
    if (typeof text === 'string') Reflect.set(holder, member, internString(text));
  }
}
