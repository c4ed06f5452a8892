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

/** All simulated controllers. The collector comes first: what it removes, others need not look at. */
function simulatedControllers(api: Api): SimulatedController[] {
  return [
    garbageCollector,
    namespaceController,
    serviceAccountController(() => api.certificateAuthority),
    deploymentController,
    replicaSetController,
    kubelet,
    endpointsController,
    loadBalancerController,
    ingressController,
  ];
}

/** Lets the simulated controllers of a cluster work until it is closed, and gives it the node that they use. */
export function startControllers(api: Api): void {
  const manager = new ControllerManager(api, simulatedControllers(api));
  api.onCertificateAuthority(() => {
    for (const { key } of api.store.collection('', 'namespaces').all())
      manager.enqueue('serviceaccount-controller', key);
  });
  putNode(api);
}
