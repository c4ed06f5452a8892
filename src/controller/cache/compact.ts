import type { KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { internJson, internString } from './intern.ts';

/**
 * A copy that takes little memory, for objects that stay in memory for long. The JSON parser allocates an object for
 * exactly its members. Equal texts, annotations, finalizers and conditions are stored once for all objects.
 */
export function compact(object: KubeObject): KubeObject {
  const copy = packed(object);
  // An object with large integers was not copied: its parts belong to the projection, too, which must not change.
  if (copy !== object) shareParts(copy);
  return copy;
}

function shareParts(copy: KubeObject): void {
  const { metadata, status } = copy;
  share(copy, ['apiVersion', 'kind']);
  share(metadata, ['namespace', 'creationTimestamp']);
  if (metadata.labels !== undefined) {
    share(metadata.labels);
    // A single label is the node of a Graph, which the objects of equal Graphs have in common.
    if (Object.keys(metadata.labels).length === 1) metadata.labels = internJson(metadata.labels);
  }
  if (metadata.annotations !== undefined) {
    share(metadata.annotations);
    // A single annotation is the apply order, which many objects have in common. An inventory is unique.
    if (Object.keys(metadata.annotations).length === 1) metadata.annotations = internJson(metadata.annotations);
  }
  if (metadata.finalizers !== undefined) metadata.finalizers = internJson(metadata.finalizers);
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return;
  for (const [index, condition] of conditions.entries()) {
    if (!isJsonObject(condition)) continue;
    share(condition);
    conditions[index] = internJson(condition);
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

/** Interns the texts of these members (default: all members). */
function share(holder: object, members: readonly string[] = Object.keys(holder)): void {
  for (const member of members) {
    const text: unknown = Reflect.get(holder, member);
    if (typeof text === 'string') Reflect.set(holder, member, internString(text));
  }
}
