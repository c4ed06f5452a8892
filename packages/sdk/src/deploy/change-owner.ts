import { randomUUID } from 'node:crypto';
import { type JsonObject, type KubeObject, type ObjectRef, isJsonObject, refOf } from '@typekro/kit/core';
import { type Graph, GraphObject } from '@typekro/engine/graph';
import { type KubernetesApi, systemClock } from '@typekro/kube';
import { keys } from '@typekro/engine/runtime';
import { instanceKindOf, MANAGER } from './deploy-kro.ts';
import { releaseNamespaces, takeFromController, takeFromDirect } from './migrate.ts';
import type { DirectRecord } from './parent.ts';
import { DEFINITION_LABEL, isRecordOf, parentObject, readDeployRecord, revisionOf } from './parent.ts';
import { parentRef } from './record-owner.ts';

/** A deployment of direct mode, as its record in the cluster describes it. */
export interface DirectDeployment {
  /** Name of the definition. */
  readonly definition: string;
  /** Name of the instance. */
  readonly name: string;
  readonly namespace: string;
  /** The ConfigMap with the record. */
  readonly parent: KubeObject;
  readonly record: DirectRecord;
}

/**
 * Finds the deployments of direct mode with this instance name, of one definition or of all definitions. Records of
 * other definitions are not read.
 *
 * @throws TypeKroError `deploy/record-invalid` when another client edited a record.
 */
export async function findDirectDeployments(
  api: KubernetesApi,
  name: string,
  namespace: string,
  signal: AbortSignal,
  only?: string,
): Promise<DirectDeployment[]> {
  const { items } = await api.list(
    { apiVersion: 'v1', kind: 'ConfigMap' },
    { namespace, labelSelector: DEFINITION_LABEL, signal },
  );
  return items.flatMap((parent): DirectDeployment[] => {
    const definition = parent.metadata.labels?.[DEFINITION_LABEL] ?? '';
    if (!isRecordOf(parent, definition, name) || (only !== undefined && definition !== only)) return [];
    const record = readDeployRecord(parent, refOf(parent));
    // A Graph has no definition whose controller could take the objects over.
    return record.definition['kind'] === GraphObject.KIND.kind ? [] : [{ definition, name, namespace, parent, record }];
  });
}

/** Makes the instance object that replaces a direct deployment when a controller takes it over. */
export function instanceOfDeployment({ name, namespace, record }: DirectDeployment): KubeObject {
  const { schema } = isJsonObject(record.definition['spec']) ? record.definition['spec'] : {};
  const isCluster = isJsonObject(schema) && schema['scope'] === 'Cluster';
  return {
    ...instanceKindOf(record.definition),
    metadata: { name, ...(isCluster ? {} : { namespace }) },
    spec: record.spec,
  };
}

/**
 * Moves a deployment of direct mode to the controller of its definition: creates the instance with the inventory, and
 * deletes the record. Writes no child, with one exception: it releases namespaces that the definition does not create,
 * so that the controller does not prune them. When an earlier process has already created the instance, only deletes
 * the record.
 *
 * @param isCheck lets the server check the writes, and stores nothing
 */
export async function moveToController(
  api: KubernetesApi,
  deployment: DirectDeployment,
  signal: AbortSignal,
  isCheck: boolean,
): Promise<void> {
  const wanted = instanceOfDeployment(deployment);
  const record = refOf(deployment.parent);
  if (isCheck) {
    await api.apply(wanted, { fieldManager: MANAGER, force: true, dryRun: true, signal });
    await api.patch(record, { data: {} }, { type: 'merge', dryRun: true, signal });
    await releaseNamespaces(api, deployment.definition, deployment.parent, signal, true);
    await api.delete(record, { dryRun: true, signal });
    return;
  }
  const inherited = await takeFromDirect(api, deployment.definition, wanted, deployment.namespace, signal);
  if (inherited === undefined) return;
  const live = await api.find(refOf(wanted), { signal });
  if (live === undefined || !hasInventoryOf(live, deployment.parent)) {
    await api.apply(inherited.instance, { fieldManager: MANAGER, force: true, signal });
  }
  await inherited.forget();
}

/** Does the instance have the inventory of the record? If so, an earlier migration created the instance. */
export function hasInventoryOf(instance: KubeObject, parent: KubeObject): boolean {
  const id = (object: KubeObject): string | undefined => object.metadata.labels?.[keys.APPLYSET_ID_LABEL];
  return id(parent) !== undefined && id(instance) === id(parent);
}

/** An instance of a controller, and the definition with which direct mode continues. */
export interface ControllerInstance {
  readonly graph: Graph;
  readonly definition: JsonObject;
  readonly instance: KubeObject;
  /** The namespace of the record; for instances without a namespace, the namespace of the caller. */
  readonly namespace: string;
}

/** The ConfigMap that direct mode keeps for an instance. */
export const recordRefOf = ({ graph, instance, namespace }: ControllerInstance): ObjectRef =>
  parentRef(graph.name, instance.metadata.name ?? '', namespace);

/**
 * Moves an instance of a controller to direct mode: writes the record with the inventory, and deletes the instance
 * without its children. Writes no child. When a call was interrupted, a later call continues it.
 *
 * @param isCheck lets the server check the writes, and stores nothing
 * @throws TypeKroError as `takeFromController`.
 */
export async function moveToDirect(
  api: KubernetesApi,
  moved: ControllerInstance,
  signal: AbortSignal,
  isCheck: boolean,
): Promise<void> {
  const { graph, definition, instance, namespace } = moved;
  const name = instance.metadata.name ?? '';
  const ref = recordRefOf(moved);
  const parent = await api.find(ref, { signal });
  const record: DirectRecord = {
    definition,
    spec: instance.spec ?? {},
    revision: parent === undefined ? 1 : revisionOf(parent) + 1,
    deploy: randomUUID(),
    time: systemClock.now(),
  };
  if (isCheck) {
    const options = { fieldManager: keys.INVENTORY_MANAGER, force: true, dryRun: true, signal };
    await api.apply(parentObject(ref, graph, record, parent), options);
    const { finalizers = [] } = instance.metadata;
    await api.patch(refOf(instance), { metadata: { finalizers } }, { type: 'merge', dryRun: true, signal });
    await api.delete(refOf(instance), { dryRun: true, propagationPolicy: 'Orphan', signal });
    return;
  }
  await takeFromController({ api, graph, name, namespace, record, parent, signal }, () => undefined);
}
