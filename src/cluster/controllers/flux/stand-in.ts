import type { JsonObject, JsonValue, KubeObject } from '../../../core/index.ts';
import { objectsAt } from '../../../kubernetes/index.ts';
import type { StoreEvent } from '../../store/store.ts';
import { concerns } from '../controller.ts';
import type { ResourceName, ControllerClient } from '../controller-client.ts';

/** On a Deployment of Flux: nothing real runs in its pods, the cluster does the controller's work itself. */
export const STAND_IN = 'typekro.dev/stand-in';

const DEPLOYMENTS: ResourceName = { group: 'apps', plural: 'deployments' };

/** The resources of Flux, by the kinds that refer to one another. */
export const FLUX: Readonly<Record<string, ResourceName>> = {
  GitRepository: { group: 'source.toolkit.fluxcd.io', plural: 'gitrepositories' },
  OCIRepository: { group: 'source.toolkit.fluxcd.io', plural: 'ocirepositories' },
  Bucket: { group: 'source.toolkit.fluxcd.io', plural: 'buckets' },
  HelmRepository: { group: 'source.toolkit.fluxcd.io', plural: 'helmrepositories' },
  HelmChart: { group: 'source.toolkit.fluxcd.io', plural: 'helmcharts' },
};

/** Does a stand-in of this controller run in the cluster: a marked Deployment of its name with a ready pod? */
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

/** Is the event about the Deployment of a controller? Then all of its objects are due. */
export function concernsDeployment(event: StoreEvent, controller: string): boolean {
  return concerns(event, 'apps', 'deployments') && event.stored.object.metadata.name === controller;
}

/** An outcome of looking at an object. */
export interface StandInOutcome {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
  /** Further members of the status. */
  readonly status?: JsonObject;
}

/** Writes an outcome as Flux does, if it says anything new. */
export function settle(client: ControllerClient, object: KubeObject, outcome: StandInOutcome): void {
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

/** Is a source stored, so that others can use it? OCI repositories of charts have no state of their own. */
export function isStored(source: KubeObject): boolean {
  if (source.kind === 'HelmRepository' && source.spec?.['type'] === 'oci') return true;
  return objectsAt(source.status, 'conditions').some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The source that a reference names, looked for in the namespace of the object that refers. */
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
