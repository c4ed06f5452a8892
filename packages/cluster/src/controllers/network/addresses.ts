import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import type { ControllerClient } from '../controller-client.ts';

const SERVICES = { group: '', plural: 'services' } as const;
const INGRESSES = { group: 'networking.k8s.io', plural: 'ingresses' } as const;

/**
 * The address that all Ingresses share, because one controller serves all of them. The address is in a range for
 * documentation (RFC 5737).
 */
const INGRESS_ADDRESS = '203.0.113.1';

/**
 * Sets an address on each Service of type LoadBalancer without a class, and removes the address from Services of other
 * types.
 */
export const loadBalancerController: SimulatedController = {
  name: 'service-lb-controller',
  target: targetIn(SERVICES),

  *keysOf(event) {
    if (concerns(event, '', 'services') && event.type !== 'DELETED') yield event.stored.key;
  },

  reconcile(key, client) {
    const service = client.at(SERVICES, key);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    // The controller of the class writes the status of a Service with a class.
    if (service.spec?.['loadBalancerClass'] !== undefined) return;
    const hasAddress = firstIngress(service) !== undefined;
    const needsAddress = service.spec?.['type'] === 'LoadBalancer';
    if (needsAddress === hasAddress) return;
    const loadBalancer = needsAddress ? { ingress: [{ ip: freeAddress(client), ipMode: 'VIP' }] } : {};
    client.updateStatus(service, { ...service.status, loadBalancer });
  },
};

/** Sets the address of the simulated ingress controller on every Ingress. */
export const ingressController: SimulatedController = {
  name: 'ingress-controller',
  target: targetIn(INGRESSES),

  *keysOf(event) {
    if (concerns(event, 'networking.k8s.io', 'ingresses') && event.type !== 'DELETED') yield event.stored.key;
  },

  reconcile(key, client) {
    const ingress = client.at(INGRESSES, key);
    if (
      ingress === undefined ||
      ingress.metadata.deletionTimestamp !== undefined ||
      firstIngress(ingress) !== undefined
    )
      return;
    client.updateStatus(ingress, { loadBalancer: { ingress: [{ ip: INGRESS_ADDRESS }] } });
  },
};

/** Returns the first entry of a load balancer's status with an address or a hostname. A user can have set it. */
function firstIngress({ status }: KubeObject): JsonObject | undefined {
  return objectsAt(status, 'loadBalancer', 'ingress').find(
    (entry) => textAt(entry, 'ip') + textAt(entry, 'hostname') !== '',
  );
}

/**
 * Returns the lowest address from 203.0.113.2 to 203.0.113.254 that no Service has. When all addresses are in use,
 * Services share them.
 */
function freeAddress(client: ControllerClient): string {
  const used = new Set(client.list(SERVICES, '').map((service) => textAt(firstIngress(service), 'ip')));
  for (let last = 2; last < 255; last += 1) {
    if (!used.has(`203.0.113.${last}`)) return `203.0.113.${last}`;
  }
  return `203.0.113.${2 + (used.size % 253)}`;
}
