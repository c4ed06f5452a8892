import type { KubeObject } from '@typekro/kit/core';
import {
  addQuantities,
  formatQuantity,
  objectsAt,
  quantityOf,
  quantityOfInteger,
  textAt,
} from '@typekro/kit/kubernetes';
import type { ContainerUsage } from '../../pods/node-capacity.ts';
import { METRICS_GROUP } from '../../registry/metrics-resources.ts';
import { type SimulatedController, concerns, splitKey } from '../simulated-controller.ts';
import type { ControllerClient } from '../controller-client.ts';
import { NODES } from '../nodes/simulated-node.ts';
import { isTerminating, PODS } from '../pods/pod-state.ts';

export const METRICS_SERVER = 'metrics-server';
export const POD_METRICS = { group: METRICS_GROUP, plural: 'pods' } as const;
const NODE_METRICS = { group: METRICS_GROUP, plural: 'nodes' } as const;
const API_VERSION = `${METRICS_GROUP}/v1beta1`;

/** The window of a measurement, as in the metrics server of Kubernetes. */
const WINDOW = '15s';

/**
 * The metrics server. It writes the resource usage of pods and nodes, for `kubectl top` and for autoscalers. A pod
 * without a known usage has no metrics, like a pod that a real metrics server has not measured yet. The usage of a node
 * is the sum of its pods.
 */
export function metricsServer(
  usageOf: (pod: KubeObject) => readonly ContainerUsage[] | undefined,
): SimulatedController {
  return {
    name: METRICS_SERVER,
    ownFailures: true,

    *keysOf(event, client) {
      const { key, object } = event.stored;
      if (concerns(event, NODES.group, NODES.plural) && event.type === 'DELETED') yield key;
      if (!concerns(event, PODS.group, PODS.plural)) return;
      // Avoids work in most clusters, which have no pod with a known usage.
      if (usageOf(object) === undefined && client.isEmpty(POD_METRICS)) return;
      yield key;
    },

    reconcile(key, client) {
      const { namespace, name } = splitKey(key);
      if (namespace === '') return writeNode(client, name);
      const pod = client.get(PODS, namespace, name);
      const usage = pod === undefined || isTerminating(pod) ? undefined : usageOf(pod);
      const known = client.get(POD_METRICS, namespace, name);
      const metrics = usage === undefined || pod === undefined ? undefined : podMetrics(pod, usage);
      write(client, known, metrics);
      for (const node of nodesOf(client, pod)) writeNode(client, node);
    },
  };
}

/** Returns the nodes whose metrics a pod can affect: the node of the pod, or all nodes for a pod that is gone. */
function nodesOf(client: ControllerClient, pod: KubeObject | undefined): readonly string[] {
  if (pod !== undefined) return [textAt(pod.spec, 'nodeName')].filter((name) => name !== '');
  return client.list(NODES, '').map(({ metadata }) => metadata.name ?? '');
}

function podMetrics({ metadata }: KubeObject, usage: readonly ContainerUsage[]): KubeObject {
  const { name = '', namespace = '', labels } = metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'PodMetrics',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    window: WINDOW,
    containers: usage.map(({ name: container, cpu, memory }) => ({ name: container, usage: { cpu, memory } })),
  };
}

function writeNode(client: ControllerClient, name: string): void {
  const known = client.get(NODE_METRICS, '', name);
  const metrics = client.list(POD_METRICS, '').filter((entry) => {
    const pod = client.get(PODS, entry.metadata.namespace ?? '', entry.metadata.name ?? '');
    return textAt(pod?.spec, 'nodeName') === name;
  });
  const total = (resource: string): string => {
    let sum = quantityOfInteger(0n);
    for (const container of metrics.flatMap((entry) => objectsAt(entry, 'containers'))) {
      const value = quantityOf(textAt(container, 'usage', resource));
      if (value !== undefined) sum = sum.unscaled === 0n ? value : addQuantities(sum, value);
    }
    return formatQuantity(sum);
  };
  const usage = { cpu: total('cpu'), memory: total('memory') };
  const object = { apiVersion: API_VERSION, kind: 'NodeMetrics', metadata: { name }, window: WINDOW, usage };
  const isMeasured = metrics.length > 0 && client.get(NODES, '', name) !== undefined;
  write(client, known, isMeasured ? object : undefined);
}

/** Creates, changes or deletes metrics. Does not update the time of equal metrics. */
function write(client: ControllerClient, known: KubeObject | undefined, wanted: KubeObject | undefined): void {
  if (wanted === undefined) {
    if (known !== undefined) client.remove(known);
    return;
  }
  const timestamp = client.timestamp();
  if (known === undefined) client.create({ ...wanted, timestamp });
  else if (!isSame(known, wanted)) {
    client.update({ ...wanted, metadata: { ...known.metadata, ...wanted.metadata }, timestamp });
  }
}

const isSame = (known: KubeObject, wanted: KubeObject): boolean =>
  ['containers', 'usage'].every((field) => JSON.stringify(known[field]) === JSON.stringify(wanted[field])) &&
  JSON.stringify(known.metadata.labels) === JSON.stringify(wanted.metadata.labels);
