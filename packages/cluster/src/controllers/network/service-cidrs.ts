import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf, listAt } from '@typekro/kit/kubernetes';
import { rangeContains } from '../../kinds/network/ip-addresses.ts';
import type { ControllerClient } from '../controller-client.ts';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';

const RANGES = { group: 'networking.k8s.io', plural: 'servicecidrs' } as const;
const ADDRESSES = { group: 'networking.k8s.io', plural: 'ipaddresses' } as const;
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

/**
 * Reports ServiceCIDRs as ready. Keeps a deleted ServiceCIDR while it contains an IPAddress that no other ServiceCIDR
 * contains.
 */
export const serviceCidrController: SimulatedController = {
  name: 'service-cidr-controller',
  target: targetIn(RANGES),

  *keysOf(event, client) {
    if (concerns(event, RANGES.group, RANGES.plural)) {
      if (event.type !== 'DELETED') yield event.stored.key;
      // A changed range can contain the addresses of another range that is being deleted.
      for (const { metadata } of client.list(RANGES, ''))
        if (metadata.deletionTimestamp !== undefined) yield metadata.name ?? '';
    } else if (event.type === 'DELETED' && concerns(event, ADDRESSES.group, ADDRESSES.plural)) {
      for (const { metadata } of client.list(RANGES, ''))
        if (metadata.deletionTimestamp !== undefined) yield metadata.name ?? '';
    }
  },

  reconcile(name, client) {
    const range = client.get(RANGES, '', name);
    if (range === undefined) return;
    const { finalizers = [], ...metadata } = range.metadata;
    if (range.metadata.deletionTimestamp === undefined) {
      const marked = finalizers.includes(FINALIZER)
        ? range
        : client.update({ ...range, metadata: { ...metadata, finalizers: [...finalizers, FINALIZER] } });
      report(client, marked, 'True', '', 'Kubernetes Service CIDR is ready');
    } else if (isNeeded(client, range)) {
      const text =
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      report(client, range, 'False', 'Terminating', text);
    } else client.dropFinalizer(range, FINALIZER);
  },
};

/** Does the range contain an IPAddress that no other range contains? Ignores other ranges that are being deleted. */
function isNeeded(client: ControllerClient, range: KubeObject): boolean {
  const others = client
    .list(RANGES, '')
    .filter(({ metadata }) => metadata.name !== range.metadata.name && metadata.deletionTimestamp === undefined);
  return client.list(ADDRESSES, '').some(({ metadata: { name = '' } }) => {
    return isIn(range, name) && !others.some((other) => isIn(other, name));
  });
}

const isIn = ({ spec }: KubeObject, address: string): boolean =>
  listAt(spec, 'cidrs').some((cidr) => rangeContains(String(cidr), address));

function report(client: ControllerClient, range: KubeObject, status: string, reason: string, message: string): void {
  const known = conditionOf(range, 'Ready');
  // Keeps an equal condition, such as the condition with which the API server creates the first range.
  if (known?.['status'] === status && known['reason'] === reason) return;
  const condition: JsonObject = { type: 'Ready', status, reason, message, lastTransitionTime: client.timestamp() };
  client.updateStatus(range, { ...range.status, conditions: [condition] });
}
