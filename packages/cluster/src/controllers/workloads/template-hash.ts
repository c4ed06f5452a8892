import { createHash } from 'node:crypto';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The pod template of a workload. */
export function podTemplateOf(workload: KubeObject): {
  readonly metadata: KubeObject['metadata'];
  readonly spec: JsonObject;
} {
  const template = workload.spec?.['template'];
  const { metadata, spec } = isJsonObject(template) ? template : {};
  return { metadata: isJsonObject(metadata) ? metadata : {}, spec: isJsonObject(spec) ? spec : {} };
}

/** `status.collisionCount`: the number of name collisions of the workload's ReplicaSets or ControllerRevisions. */
export function collisionsOf(workload: KubeObject): number {
  const count = workload.status?.['collisionCount'];
  return typeof count === 'number' ? count : 0;
}

/**
 * A hash of the template, ten characters long, for the label `pod-template-hash` and for names. A different number of
 * collisions produces a different hash.
 */
export function templateHash(workload: KubeObject, collisions = collisionsOf(workload)): string {
  const { metadata, spec } = podTemplateOf(workload);
  const hash = createHash('sha256').update(sortedJson({ metadata: metadata as JsonObject, spec }));
  if (collisions > 0) hash.update(` ${collisions}`);
  const digest = hash.digest();
  return Array.from(digest.subarray(0, 10), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}

/** Do the ReplicaSet and the workload have equal templates? The label `pod-template-hash` is ignored. */
export function sameTemplate(workload: KubeObject, set: KubeObject): boolean {
  const wanted = podTemplateOf(workload);
  const present = podTemplateOf(set);
  const { 'pod-template-hash': _hash, ...labels } = present.metadata.labels ?? {};
  return (
    jsonEquals(wanted.spec, present.spec) &&
    jsonEquals(wanted.metadata.labels ?? {}, labels) &&
    jsonEquals(wanted.metadata.annotations ?? {}, present.metadata.annotations ?? {})
  );
}

/** A copy of the value in which the keys of all objects are sorted, as Go serializes maps. */
export function withSortedKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, withSortedKeys(entry ?? null)]));
}

function sortedJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === 'bigint') return String(entry);
    if (!isJsonObject(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
