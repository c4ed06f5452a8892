import type { JsonObject, JsonValue, KubeObject } from '../../../core/index.ts';
import { objectsAt } from '../../../kubernetes/index.ts';
import type { StoreEvent } from '../../store/store.ts';
import { concerns } from '../controller.ts';
import type { ResourceName, ControllerClient } from '../controller-client.ts';

/** Marks a Deployment of Flux whose controller this cluster simulates. */
export const STAND_IN = 'typekro.dev/stand-in';

const DEPLOYMENTS: ResourceName = { group: 'apps', plural: 'deployments' };

/** The resources of Flux's sources, by kind. */
export const FLUX: Readonly<Record<string, ResourceName>> = {
  GitRepository: { group: 'source.toolkit.fluxcd.io', plural: 'gitrepositories' },
  OCIRepository: { group: 'source.toolkit.fluxcd.io', plural: 'ocirepositories' },
  Bucket: { group: 'source.toolkit.fluxcd.io', plural: 'buckets' },
  HelmRepository: { group: 'source.toolkit.fluxcd.io', plural: 'helmrepositories' },
  HelmChart: { group: 'source.toolkit.fluxcd.io', plural: 'helmcharts' },
};

/**
 * Does the cluster run a simulation of this controller? The simulation runs while a marked Deployment of the
 * controller's name has a ready pod.
 */
export function runs(client: ControllerClient, controller: string): boolean {
  return client
    .list(DEPLOYMENTS, '')
    .some(
      ({ metadata, status }) =>
        metadata.name === controller &&
        metadata.annotations?.[STAND_IN] === 'true' &&
        Number(status?.['readyReplicas'] ?? 0) > 0,
    );
}

/** Is the event about the Deployment of a controller? If so, all objects of that controller are due. */
export function concernsDeployment(event: StoreEvent, controller: string): boolean {
  return concerns(event, 'apps', 'deployments') && event.stored.object.metadata.name === controller;
}

/** The outcome of a reconciliation. */
export interface SimulatedOutcome {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
  /** Further members of the status. */
  readonly status?: JsonObject;
}

/** Writes an outcome as Flux does. Writes nothing when the status is already equal. */
export function settle(client: ControllerClient, object: KubeObject, outcome: SimulatedOutcome): void {
  const { generation = 1 } = object.metadata;
  const value = outcome.ready ? 'True' : 'False';
  const before = objectsAt(object.status, 'conditions').find(({ type }) => type === 'Ready');
  const condition = {
    type: 'Ready',
    status: value,
    observedGeneration: generation,
    reason: outcome.reason,
    message: outcome.message,
    lastTransitionTime: before?.['status'] === value ? (before['lastTransitionTime'] ?? null) : client.timestamp(),
  };
  const status = { ...object.status, ...outcome.status, observedGeneration: generation, conditions: [condition] };
  if (!sameJson(status, object.status)) client.updateStatus(object, status);
}

/**
 * Is the artifact of a source stored, so that other objects can use it? `HelmRepository` sources of type `oci` have no
 * status and always count as stored.
 */
export function isStored(source: KubeObject): boolean {
  if (source.kind === 'HelmRepository' && source.spec?.['type'] === 'oci') return true;
  return objectsAt(source.status, 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The source that a reference names. Its default namespace is that of the referring object. */
export function referencedSource(
  client: ControllerClient,
  reference: JsonValue | undefined,
  namespace: string,
): KubeObject | undefined {
  if (typeof reference !== 'object' || reference === null || Array.isArray(reference)) return undefined;
  const { kind, name, namespace: own } = reference;
  const resource = typeof kind === 'string' && Object.hasOwn(FLUX, kind) ? FLUX[kind] : undefined;
  if (resource === undefined || typeof name !== 'string') return undefined;
  return client.get(resource, typeof own === 'string' ? own : namespace, name);
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
