import type { JsonObject, KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { conditionOf, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, keyOfObject, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { isSimulatedNode, NODES } from './node.ts';
import { PODS } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';
import { claimsOfPod } from './relation-index.ts';

const NAME = 'default-scheduler';
export const CLAIMS = { group: '', plural: 'persistentvolumeclaims' } as const;

/**
 * The scheduler, which binds pods to simulated nodes. A pod waits in three cases: it has scheduling gates, one of its
 * claims is not bound, or no simulated node fits. Pods that name another scheduler are left alone.
 */
export const scheduler: SimulatedController = {
  name: NAME,
  target: targetIn(PODS),
  ownFailures: true,

  *keysOf(event, client) {
    if (event.type === 'DELETED') return;
    const { object, key } = event.stored;
    if (concerns(event, '', 'pods')) {
      if (object.spec?.['nodeName'] === undefined) yield key;
    } else if (concerns(event, '', 'persistentvolumeclaims')) {
      const { namespace = '', name = '' } = object.metadata;
      for (const pod of client.podsOfClaim(namespace, name)) if (waits(pod)) yield keyOfObject(pod);
    } else if (concerns(event, '', 'nodes')) {
      for (const pod of client.list(PODS, '')) if (waits(pod)) yield keyOfObject(pod);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const pod = client.get(PODS, namespace, name);
    if (pod === undefined || !waits(pod) || pod.metadata.deletionTimestamp !== undefined) return;
    if (pod.spec?.['schedulerName'] !== NAME || objectsAt(pod.spec, 'schedulingGates').length > 0) return;
    const nodes = client.list(NODES, '').filter(isSimulatedNode);
    const fitting = nodes.filter((node) => fits(pod, node));
    const problem = claimProblem(client, pod) ?? (fitting.length === 0 ? noNode(pod, nodes) : undefined);
    if (problem !== undefined) return refuse(client, pod, `0/${nodes.length} nodes are available: ${problem}`);
    const node = fitting[spread(pod) % fitting.length]?.metadata.name ?? '';
    client.bind(pod, node);
    recordEvent(client, pod, NAME, 'Scheduled', `Successfully assigned ${key} to ${node}`);
  },
};

const waits = (pod: KubeObject): boolean => pod.spec?.['nodeName'] === undefined;

/** A number that is derived from the uid and spreads pods over the nodes. */
const spread = ({ metadata }: KubeObject): number => Number.parseInt((metadata.uid ?? '').slice(0, 6), 16) || 0;

/**
 * Can the pod run on the node? A pod of a DaemonSet names its node. Any other pod fits a schedulable node that has the
 * labels of its node selector.
 */
function fits(pod: KubeObject, node: KubeObject): boolean {
  const wanted = nodeOfAffinity(pod);
  if (wanted !== undefined) return node.metadata.name === wanted;
  return node.spec?.['unschedulable'] !== true && hasLabels(node, objectAt(pod.spec, 'nodeSelector'));
}

export function hasLabels(node: KubeObject, wanted: JsonObject): boolean {
  const labels = node.metadata.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** A node affinity that only the node with this name matches. */
export function nodeAffinityTo(name: string): JsonObject {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }];
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } };
}

/** The name of the node in an affinity made by `nodeAffinityTo`; `undefined` for other pods. */
export function nodeOfAffinity(pod: KubeObject): string | undefined {
  const required = objectAt(objectAt(objectAt(pod.spec, 'affinity'), 'nodeAffinity'), REQUIRED);
  const [field] = objectsAt(objectsAt(required, 'nodeSelectorTerms')[0], 'matchFields');
  const values = field?.['key'] === 'metadata.name' ? field['values'] : undefined;
  return Array.isArray(values) && typeof values[0] === 'string' ? values[0] : undefined;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

/** The reasons why no node fits, each with its number of nodes, in alphabetical order. */
function noNode(pod: KubeObject, nodes: readonly KubeObject[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const reason = misfitOf(pod, node);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted();
  const total = nodes.length;
  return `${reasons.join(', ')}. preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`;
}

/** The scheduler first checks whether a node is cordoned. Only pods of DaemonSets tolerate a cordoned node. */
const misfitOf = (pod: KubeObject, node: KubeObject): string =>
  node.spec?.['unschedulable'] === true && nodeOfAffinity(pod) === undefined
    ? 'node(s) were unschedulable'
    : "node(s) didn't match Pod's node affinity/selector";

function claimProblem(client: ControllerClient, pod: KubeObject): string | undefined {
  const { namespace = '' } = pod.metadata;
  for (const name of claimsOfPod(pod)) {
    const claim = client.get(CLAIMS, namespace, name);
    if (claim === undefined) return `persistentvolumeclaim ${goQuote(name)} not found`;
    if (claim.metadata.deletionTimestamp !== undefined) {
      return `persistentvolumeclaim ${goQuote(name)} is being deleted`;
    }
    if (textAt(claim.status, 'phase') !== 'Bound') return 'pod has unbound immediate PersistentVolumeClaims';
  }
  return undefined;
}

function refuse(client: ControllerClient, pod: KubeObject, message: string): void {
  const known = conditionOf(pod, 'PodScheduled');
  if (known?.['message'] === message) return;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    observedGeneration: pod.metadata.generation ?? 1,
    lastProbeTime: null,
    lastTransitionTime: known?.['lastTransitionTime'] ?? client.timestamp(),
    reason: 'Unschedulable',
    message,
  };
  const others = objectsAt(pod.status, 'conditions').filter((entry) => entry !== known);
  client.updateStatus(pod, { ...pod.status, conditions: [...others, condition] });
  recordEvent(client, pod, NAME, 'FailedScheduling', message, 'Warning');
}
