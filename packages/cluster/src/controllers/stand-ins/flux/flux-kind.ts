import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { statusCondition, textAt } from '@typekro/kit/kubernetes';
import type { FollowedKind, StandInKind, StandInView } from '../../../stand-in.ts';

/** The API group of Flux's sources. */
export const SOURCE_GROUP = 'source.toolkit.fluxcd.io';

const SOURCE_KINDS = ['GitRepository', 'OCIRepository', 'Bucket', 'HelmRepository', 'HelmChart'];

/** An object may refer to a source in any namespace. */
export const FOLLOWED_SOURCES: readonly FollowedKind[] = SOURCE_KINDS.map((kind) => ({
  group: SOURCE_GROUP,
  kind,
  anywhere: true,
}));

/** The outcome of reconciling a Flux object: its condition `Ready`, and an event with the same reason and message. */
export interface FluxOutcome {
  /** Default: false. */
  readonly ready?: boolean;
  readonly reason: string;
  readonly message: string;
  /** Additional members of the status. */
  readonly status?: JsonObject;
  readonly objects?: readonly KubeObject[];
}

/** A Flux kind with a function for its outcome; `undefined` means no writes. A suspended object does not change. */
export function fluxKind(
  kind: Omit<StandInKind, 'reconcile'>,
  outcomeOf: (object: KubeObject, view: StandInView) => FluxOutcome | undefined,
): StandInKind {
  return {
    ...kind,
    reconcile(object, view) {
      const outcome = object.spec?.['suspend'] === true ? undefined : outcomeOf(object, view);
      if (outcome === undefined) return undefined;
      const { ready = false, reason, message, status, objects = [] } = outcome;
      const conditions = view.conditions([
        { type: 'Ready', status: ready ? 'True' : 'False', reason, message, observed: true },
      ]);
      const observedGeneration = object.metadata.generation ?? 1;
      return {
        objects,
        status: { ...object.status, ...status, observedGeneration, conditions },
        events: [{ type: ready ? 'Normal' : 'Warning', reason, message }],
      };
    },
  };
}

/** A `HelmRepository` of type `oci` has nothing to fetch and no status. It always counts as stored. */
export const isWithoutArtifact = ({ kind, spec }: KubeObject): boolean =>
  kind === 'HelmRepository' && textAt(spec, 'type') === 'oci';

/**
 * The source that a reference names, in the namespace of the referring object by default, or the reason why other
 * objects cannot use its artifact.
 */
export function storedSource(
  view: StandInView,
  reference: JsonValue | undefined,
  namespace: string,
): KubeObject | string {
  const { kind, name, namespace: own } = isJsonObject(reference) ? reference : {};
  if (typeof kind !== 'string' || !SOURCE_KINDS.includes(kind) || typeof name !== 'string') return 'does not exist';
  const place = typeof own === 'string' ? own : namespace;
  const source = view.get({ apiVersion: `${SOURCE_GROUP}/v1`, kind, namespace: place, name });
  if (source === undefined) return 'does not exist';
  const isStored = isWithoutArtifact(source) || statusCondition(source, 'Ready')?.status === 'True';
  return isStored ? source : 'is not ready';
}
