import { ingressController, loadBalancerController } from './addresses.ts';
import type { SimulatedController } from './controller.ts';
import { deploymentController } from './deployment.ts';
import { endpointsController } from './endpoints.ts';
import { garbageCollector } from './garbage-collector.ts';
import { kubelet } from './kubelet.ts';
import { namespaceController } from './namespace.ts';
import { replicaSetController } from './replicaset.ts';
import { serviceAccountController } from './service-account.ts';

export { ControllerManager } from './manager.ts';

/** What the simulated controllers need to know of their cluster. */
export interface ControllerSettings {
  /** PEM text of the cluster's certificate authority, for `kube-root-ca.crt`. */
  certificateAuthority(): string;
}

/** All simulated controllers. The collector comes first: what it removes, others need not look at. */
export function simulatedControllers(settings: ControllerSettings): SimulatedController[] {
  return [
    garbageCollector,
    namespaceController,
    serviceAccountController(() => settings.certificateAuthority()),
    deploymentController,
    replicaSetController,
    kubelet,
    endpointsController,
    loadBalancerController,
    ingressController,
  ];
}
