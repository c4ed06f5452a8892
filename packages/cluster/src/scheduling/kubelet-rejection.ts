import type { KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { isExtendedResource } from '../kinds/pods/resource-names.ts';
import { matchesNode } from './node-affinity.ts';
import { HOST_PORT_REASON, NODE_AFFINITY_REASON } from './node-fit.ts';
import type { NodeUsage, PodDemand } from './node-usage.ts';
import { allocatableOf, shortagesOf } from './requested-resources.ts';
import { untoleratedTaint } from './taints.ts';

/** The reason and the message with which a kubelet refuses a pod. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/**
 * The reason why the kubelet of a node refuses a pod that was bound to the node; `undefined` when the kubelet runs the
 * pod. `usage` is the usage of the pods that the kubelet already runs. The checks and messages equal those of the
 * kubelet's `generalFilter`: resources, node affinity, host ports, and taints with the effect `NoExecute`. Extended
 * resources that the node does not have are not checked, because cluster-level devices can provide them.
 */
export function rejectionOf(demand: PodDemand, node: KubeObject, usage: NodeUsage): Rejection | undefined {
  const allocatable = allocatableOf(node);
  const requests = new Map([...demand.requests].filter(([name]) => !isExtendedResource(name) || allocatable.has(name)));
  const [shortage] = shortagesOf(requests, allocatable, usage.requested, usage.pods);
  if (shortage !== undefined) {
    const { resource, requested, used, capacity } = shortage;
    const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
    return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${amounts}` };
  }
  if (!matchesNode(demand.pod, node)) return failed('NodeAffinity', NODE_AFFINITY_REASON);
  if (!usage.hasPortsFor(demand)) return failed('NodePorts', HOST_PORT_REASON);
  if (untoleratedTaint(objectsAt(node.spec, 'taints'), demand.pod.spec, ['NoExecute']) !== undefined) {
    return failed('TaintToleration', "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}

const failed = (predicate: string, reason: string): Rejection => ({
  reason: predicate,
  message: `Predicate ${predicate} failed: ${reason}`,
});
