import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import type { KindName, StandInResult, StandInView } from '../../../stand-in.ts';

/** The API group of Flux's sources. */
export const SOURCE_GROUP = 'source.toolkit.fluxcd.io';

const SOURCE_KINDS = ['GitRepository', 'OCIRepository', 'Bucket', 'HelmRepository', 'HelmChart'];

/**
 * The source kinds as entries for `StandInKind.follows`: an object is reconciled when a source changes. Sources in all
 * namespaces are followed, because an object may refer to a source in any namespace.
 */
export const FOLLOWED_SOURCES: readonly (KindName & { readonly anywhere: true })[] = SOURCE_KINDS.map((kind) => ({
  group: SOURCE_GROUP,
  kind,
  anywhere: true,
}));

/** The outcome of reconciling a Flux object. */
export interface FluxOutcome {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
  /** Additional members of the status. */
  readonly status?: JsonObject;
}

/** The result for an outcome: the status with the condition `Ready`, and an event with the same reason and message. */
export function fluxResult(object: KubeObject, view: StandInView, outcome: FluxOutcome): StandInResult {
  const { ready, reason, message } = outcome;
  const conditions = view.conditions([
    { type: 'Ready', status: ready ? 'True' : 'False', reason, message, observed: true },
  ]);
  const observedGeneration = object.metadata.generation ?? 1;
  return {
    status: { ...object.status, ...outcome.status, observedGeneration, conditions },
    events: [{ type: ready ? 'Normal' : 'Warning', reason, message }],
  };
}

/**
 * Is the artifact of a source stored, so that other objects can use it? `HelmRepository` sources of type `oci` have no
 * status and always count as stored.
 */
export function isStored(source: KubeObject): boolean {
  if (source.kind === 'HelmRepository' && source.spec?.['type'] === 'oci') return true;
  return objectsAt(source.status, 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True');
}

/**
 * The source that a reference names. A reference without a namespace names a source in the namespace of the referring
 * object.
 */
export function referencedSource(
  view: StandInView,
  reference: JsonValue | undefined,
  namespace: string,
): KubeObject | undefined {
  if (!isJsonObject(reference)) return undefined;
  const { kind, name, namespace: own } = reference;
  if (typeof kind !== 'string' || !SOURCE_KINDS.includes(kind) || typeof name !== 'string') return undefined;
  const place = typeof own === 'string' ? own : namespace;
  return view.get({ apiVersion: `${SOURCE_GROUP}/v1`, kind, namespace: place, name });
}
