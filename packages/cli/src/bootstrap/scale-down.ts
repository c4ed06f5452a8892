import { type KubeObject, type ObjectRef, TypeKroError } from '@typekro/kit/core';
import { type Clock, type KubernetesApi, withinLimit } from '@typekro/kube';
import { valueAt } from '@typekro/kit/kubernetes';
import { ObjectTarget } from '@typekro/engine/runtime';
import { CLI_MANAGER } from '../instance/change-report.ts';
import type { ControllerDeployment } from '@typekro/app/controllers';

/** The client, the clock and the limits for functions that change a cluster. */
export interface ClusterWriter {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The time limit for pods to end or to become ready, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Scales the Deployment of a controller to 0, and waits until its pods are gone.
 *
 * @throws TypeKroError `bootstrap/not-stopped` when a pod still exists after the time limit.
 */
export async function stopController(writer: ClusterWriter, controller: ControllerDeployment): Promise<void> {
  await scaleToZero(writer, controller);
  await waitUntilStopped(writer, controller);
}

/** Scales the Deployment of a controller to 0. */
export async function scaleToZero({ api, signal }: ClusterWriter, controller: ControllerDeployment): Promise<void> {
  await api.patch(refOfDeployment(controller), { spec: { replicas: 0 } }, { fieldManager: CLI_MANAGER, signal });
}

/**
 * Waits until a controller that is scaled to 0 has no pods.
 *
 * @throws TypeKroError `bootstrap/not-stopped` when a pod still exists after the time limit.
 */
export async function waitUntilStopped(writer: ClusterWriter, controller: ControllerDeployment): Promise<void> {
  const { namespace, name, object } = controller;
  let waitsFor = '';
  const { outage } = await withinLimit(writer, writer.timeoutMs, async (wait, until) => {
    waitsFor = `Deployment ${namespace}/${name} has replicas`;
    await wait(refOfDeployment(controller), (found) => (hasReplicas(found) ? undefined : true));
    for (const pod of await podsOf(writer.api, namespace, object, until)) {
      waitsFor = `Pod ${namespace}/${pod.name} is not deleted yet`;
      await wait(pod, (found) => (found === undefined ? true : undefined));
    }
  });
  if (outage === undefined) return;
  const limit = `after ${writer.timeoutMs / 1000} s`;
  throw new TypeKroError(`the controller ${namespace}/${name} still runs ${limit}: ${waitsFor}${outage}`, {
    code: 'bootstrap/not-stopped',
    remedy: `it is scaled to 0; look at its pods, then run the command again: kubectl get pods -n ${namespace}`,
  });
}

const refOfDeployment = ({ namespace, name }: ControllerDeployment): ObjectRef => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name,
  namespace,
});

function hasReplicas(deployment: KubeObject | undefined): boolean {
  if (deployment === undefined) return false;
  const { generation = 0 } = deployment.metadata;
  const [seen, replicas] = [valueAt(deployment.status, 'observedGeneration'), valueAt(deployment.status, 'replicas')];
  return (typeof seen === 'number' && seen < generation) || (typeof replicas === 'number' && replicas > 0);
}

/**
 * Lists the pods that the selector of a Deployment matches. The list includes terminating pods, because the controller
 * in a terminating pod may still write objects.
 */
async function podsOf(
  api: KubernetesApi,
  namespace: string,
  deployment: KubeObject,
  signal: AbortSignal,
): Promise<ObjectRef[]> {
  const selector = ObjectTarget.selectorText(valueAt(deployment.spec, 'selector'));
  // Does not occur: an API server refuses a Deployment with an empty or invalid selector.
  if (!selector.ok || selector.text === '') return [];
  const options = { namespace, labelSelector: selector.text, signal };
  const { items } = await api.list({ apiVersion: 'v1', kind: 'Pod' }, options);
  return items.map(({ metadata: { name = '' } }) => ({ apiVersion: 'v1', kind: 'Pod', name, namespace }));
}
