import type { ServiceAccountRef } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { textAt, valueAt } from '@typekro/kit/kubernetes';
import { type DeployedController, deployedController } from './controller-container.ts';

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** A Deployment that runs a controller for definitions. */
export interface ControllerDeployment extends DeployedController {
  readonly namespace: string;
  readonly name: string;
  /** The number of pods in the spec of the Deployment. */
  readonly wanted: number;
  /**
   * The maximum of `wanted` and the number of pods in the status of the Deployment. During a rolling update there are
   * more pods than `wanted`. 0 when the controller does not run.
   */
  readonly replicas: number;
  readonly object: KubeObject;
}

/** The controllers of a cluster. */
export interface RunningControllers {
  readonly found: readonly ControllerDeployment[];
  /** The reason why only one namespace was searched. Absent when all namespaces were searched. */
  readonly limit?: string;
}

/**
 * Finds the Deployments of kro's controller and of this project's controller in all namespaces. If the user may not
 * list Deployments in all namespaces, only `namespace` is searched.
 */
export async function runningControllers(
  api: Pick<KubernetesApi, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<RunningControllers> {
  const read = (items: readonly KubeObject[]) => items.flatMap((item) => controllerOf({ ...item, ...DEPLOYMENT }));
  try {
    return { found: read((await api.list(DEPLOYMENT, { signal })).items) };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
    const limit = `namespaces other than ${namespace} could not be searched for controllers: ${thrown.message}`;
    return { found: read((await api.list(DEPLOYMENT, { namespace, signal })).items), limit };
  }
}

/** The ServiceAccount of a controller. */
export function accountOfPod({ namespace, object }: ControllerDeployment): ServiceAccountRef {
  const name = textAt(object.spec, 'template', 'spec', 'serviceAccountName');
  return { namespace, name: name === '' ? 'default' : name };
}

function controllerOf(object: KubeObject): ControllerDeployment[] {
  const { name = '', namespace = '' } = object.metadata;
  const controller = deployedController(object);
  if (controller === undefined) return [];
  const inSpec = valueAt(object.spec, 'replicas');
  const observed = valueAt(object.status, 'replicas');
  const wanted = typeof inSpec === 'number' ? inSpec : 1;
  const replicas = Math.max(wanted, typeof observed === 'number' ? observed : 0);
  return [{ ...controller, namespace, name, wanted, replicas, object }];
}
