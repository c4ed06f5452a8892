import type { Api } from '../api.ts';
import { ingressController, loadBalancerController } from './addresses.ts';
import type { SimulatedController } from './controller.ts';
import { deploymentController } from './deployment.ts';
import { endpointsController } from './endpoints.ts';
import { garbageCollector } from './garbage-collector.ts';
import { kubelet } from './kubelet.ts';
import { ControllerManager } from './manager.ts';
import { namespaceController } from './namespace.ts';
import { putNode } from './node.ts';
import { replicaSetController } from './replicaset.ts';
import { serviceAccountController } from './service-account.ts';

/** The controllers that every cluster needs. The collector comes first: what it removes, others need not look at. */
function housekeeping(api: Api): SimulatedController[] {
  return [garbageCollector, namespaceController, serviceAccountController(() => api.certificateAuthority)];
}

/** The controllers that make workloads run. */
function workloadControllers(): SimulatedController[] {
  return [
    deploymentController,
    replicaSetController,
    kubelet,
    endpointsController,
    loadBalancerController,
    ingressController,
  ];
}

/** Lets the simulated controllers of a cluster work until it is closed, and gives it the node that they use. */
export function startControllers(api: Api, workloads: boolean): void {
  const manager = new ControllerManager(api, [...housekeeping(api), ...(workloads ? workloadControllers() : [])]);
  api.onCertificateAuthority(() => {
    for (const { key } of api.store.collection('', 'namespaces').all())
      manager.enqueue('serviceaccount-controller', key);
  });
  if (workloads) putNode(api);
}
