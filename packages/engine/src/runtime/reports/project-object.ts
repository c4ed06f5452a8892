import { type JsonObject, type JsonValue, type KubeObject, setOwn, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '../../graph/index.ts';
import * as keys from '../objects/keys.ts';
import { engineWriters, ownedFingerprint, writerName } from '../objects/owned-fields.ts';
import type { EngineFields, LiveObject } from '../observed-state.ts';

/** Members of `metadata` that every projection keeps, even if no graph reads them. */
const KEPT = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'deletionTimestamp', 'finalizers'];

/**
 * Labels that identify the owner of an object. The runtime reads no other labels, with one exception: a reason can name
 * the instance that owns an object. Such a reason needs the whole object.
 */
const KEPT_LABELS: ReadonlySet<string> = new Set([
  keys.MANAGED_BY_LABEL,
  keys.PART_OF_LABEL,
  keys.INSTANCE_ID_LABEL,
  keys.NODE_ID_LABEL,
  keys.OWNED_LABEL,
  keys.DEFINITION_NAME_LABEL,
]);

/** The annotations that the runtime itself reads. */
const KEPT_ANNOTATIONS: ReadonlySet<string> = new Set([
  keys.APPLY_ORDER_ANNOTATION,
  keys.CHILD_DELETION_POLICY_ANNOTATION,
]);

/**
 * Does every projection keep the value at a path, even if no graph reads it? False for annotations: a read of the
 * annotations in `KEPT_ANNOTATIONS` is recorded like any other read.
 */
export function isAlwaysKept([first, second, third]: readonly PathStep[]): boolean {
  if (first !== 'metadata') return first === 'apiVersion' || first === 'kind';
  if (second === 'labels') return typeof third === 'string' && KEPT_LABELS.has(third);
  return typeof second === 'string' && KEPT.includes(second);
}

/**
 * Reduces a live object to the parts that the runtime reads. These are the identity, version, deletion timestamp,
 * finalizers, owner labels, and the annotations of the wave and of the deletion policy. In addition, the result has the
 * values at the paths that the graph reads, and the fingerprints of the owned fields. Two parts of the result are
 * shared with the input instead of copied: the values that the graph reads, and the list of finalizers.
 *
 * A path through a list keeps the whole list, so that indexes stay valid. An empty path keeps the whole object without
 * `managedFields`.
 */
export function projectObject(object: KubeObject, reads: readonly (readonly PathStep[])[]): LiveObject {
  const { metadata } = object;
  const kept: JsonObject = {};
  for (const path of reads) keep(kept, object, path, 0);
  const read = isJsonObject(kept['metadata']) ? kept['metadata'] : {};
  kept['apiVersion'] = object.apiVersion;
  kept['kind'] = object.kind;
  kept['metadata'] = keptMetadata(metadata, read);
  const engineFields = engineFieldsIn(object);
  return {
    object: kept as KubeObject,
    owned: ownedFingerprint(object),
    ...(engineFields === undefined ? {} : { engineFields }),
  };
}

/** The fields that writers of the graph engine own in a whole object; undefined if there are none. */
export function engineFieldsIn(object: KubeObject): ReadonlyMap<string, EngineFields> | undefined {
  const writers = engineWriters(object);
  if (writers.length === 0) return undefined;
  return new Map(writers.map((writer) => [writerName(writer), { owned: ownedFingerprint(object, writer) }]));
}

/** The metadata of a projection: the members that expressions read, and those that every projection keeps. */
function keptMetadata(metadata: JsonObject, read: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const name of Object.keys(read)) if (name !== 'managedFields') setOwn(kept, name, read[name] as JsonValue);
  for (const name of KEPT) if (Object.hasOwn(metadata, name)) kept[name] = metadata[name];
  const labels = withOwn(metadata['labels'], read['labels'], KEPT_LABELS);
  if (labels !== undefined) kept['labels'] = labels;
  const annotations = withOwn(metadata['annotations'], read['annotations'], KEPT_ANNOTATIONS);
  if (annotations !== undefined) kept['annotations'] = annotations;
  return kept;
}

/** The labels or annotations that an expression reads, and those that the runtime itself reads. */
function withOwn(all: JsonValue | undefined, read: JsonValue | undefined, own: ReadonlySet<string>) {
  if (!isJsonObject(all) || read === all) return undefined;
  const kept: JsonObject = isJsonObject(read) ? read : {};
  for (const name of own) if (Object.hasOwn(all, name)) kept[name] = all[name];
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/**
 * Adds the value at a path to `into`. Objects on the path are rebuilt with only the member on the path; any other value
 * is shared as a whole.
 */
function keep(into: JsonObject, from: JsonValue | undefined, path: readonly PathStep[], at: number): void {
  if (!isJsonObject(from)) return;
  const step = path[at];
  if (step === undefined) {
    for (const [key, value] of Object.entries(from)) if (value !== undefined) setOwn(into, key, value);
    return;
  }
  if (typeof step !== 'string' || !Object.hasOwn(from, step)) return;
  const value = from[step];
  if (value === undefined) return;
  const present = Object.hasOwn(into, step) ? into[step] : undefined;
  if (!isJsonObject(value) || at + 1 === path.length) return setOwn(into, step, value);
  // A shorter path already kept the whole value. This value belongs to the live object and must not be changed.
  if (present === value) return;
  const below: JsonObject = isJsonObject(present) ? present : {};
  setOwn(into, step, below);
  keep(below, value, path, at + 1);
}

/** The fields of a live object that a step reads. */
export const Projection = { engineFields: engineFieldsIn, isAlwaysKept, of: projectObject };
