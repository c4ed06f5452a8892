import { createHash } from 'node:crypto';
import { type JsonObject, type KubeObject, canonicalJson, isJsonObject, jsonEquals } from '@typekro/kit/core';

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
  const hash = createHash('sha256').update(canonicalJson({ metadata: metadata as JsonObject, spec }));
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
