import type { KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { matchesNode } from './node-affinity.ts';
import type { NodeUsage, PodDemand } from './node-usage.ts';
import { type Shortage, allocatableOf, POD_COUNT, shortagesOf } from './requested-resources.ts';
import { CORDON_TAINT, tolerationOf, untoleratedTaint } from './taints.ts';

/** The reasons why a pod cannot run on a node, in the words of kube-scheduler. */
export interface Misfit {
  readonly reasons: readonly string[];
  /** Can the removal of other pods make room? */
  readonly isCurable: boolean;
}

export const NODE_AFFINITY_REASON = "node(s) didn't match Pod's node affinity/selector";
export const HOST_PORT_REASON = "node(s) didn't have free ports for the requested pod ports";

const incurable = (reason: string): Misfit => ({ reasons: [reason], isCurable: false });

/**
 * The reason why the pod does not fit; `undefined` for a pod that fits. The checks have the order of kube-scheduler's
 * filters: cordon, taints, node affinity, host ports, resources. Only the first failed check is reported.
 */
export function misfitOf(demand: PodDemand, node: KubeObject, usage: NodeUsage): Misfit | undefined {
  return nodeMisfitOf(demand.pod, node) ?? roomMisfitOf(demand, node, usage);
}

/** The part of `misfitOf` that does not depend on other pods. */
function nodeMisfitOf(pod: KubeObject, node: KubeObject): Misfit | undefined {
  if (node.spec?.['unschedulable'] === true && tolerationOf(CORDON_TAINT, pod.spec) === undefined) {
    return incurable('node(s) were unschedulable');
  }
  if (untoleratedTaint(objectsAt(node.spec, 'taints'), pod.spec, ['NoSchedule', 'NoExecute']) !== undefined) {
    return incurable('node(s) had untolerated taint(s)');
  }
  return matchesNode(pod, node) ? undefined : incurable(NODE_AFFINITY_REASON);
}

/**
 * The part of `misfitOf` that depends on other pods. The misfit is not curable if a request exceeds the resources of
 * the whole node.
 */
export function roomMisfitOf(demand: PodDemand, node: KubeObject, usage: NodeUsage): Misfit | undefined {
  if (!usage.hasPortsFor(demand)) return { reasons: [HOST_PORT_REASON], isCurable: true };
  const shortages = shortagesOf(demand.requests, allocatableOf(node), usage.requested, usage.pods);
  if (shortages.length === 0) return undefined;
  return {
    reasons: shortages.map(reasonOf),
    isCurable: shortages.every(({ resource, requested, capacity }) => resource === POD_COUNT || requested <= capacity),
  };
}

const reasonOf = ({ resource }: Shortage): string =>
  resource === POD_COUNT ? 'Too many pods' : `Insufficient ${resource}`;
