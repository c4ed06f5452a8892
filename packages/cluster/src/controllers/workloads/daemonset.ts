import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ControlRule, controlByRule, ownerKeys } from './control-by-rule.ts';
import type { SimulatedController } from '../simulated-controller.ts';
import { Batch, concerns, firstBatch, keyOfObject, splitKey, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import { surgePlan } from './daemon-surge.ts';
import { NODES } from '../nodes/simulated-node.ts';
import {
  activePods,
  isAvailable,
  isFinished,
  isReady,
  isTerminating,
  podFromTemplate,
  PODS,
  podsOf,
  specNumber,
  untilAvailable,
  isNotablePodEvent,
} from '../pods/pod-state.ts';
import { currentRevision, REVISION_HASH, REVISIONS } from './revisions.ts';
import { share } from './rollout-plan.ts';
import { matchesNode, nodeAffinityTo, nodeOfAffinity } from '../../scheduling/node-affinity.ts';
import { untoleratedTaint } from '../../scheduling/taints.ts';
import { type ControllerClient, controllerReference, refusedPod } from '../controller-client.ts';

const NAME = 'daemonset-controller';
const DAEMON_SETS = { group: 'apps', plural: 'daemonsets' } as const;
const GENERATION = 'deprecated.daemonset.template.generation';

const OWNERS = { kind: 'DaemonSet', resource: DAEMON_SETS } as const;
const PODS_OF_SET: ControlRule = { owners: OWNERS, resource: PODS };
const REVISIONS_OF_SET: ControlRule = { owners: OWNERS, resource: REVISIONS };

/** The tolerations that all pods of DaemonSets have. Pods with `hostNetwork` have an additional one. */
const DAEMON_TOLERATIONS: readonly JsonObject[] = [
  ...['not-ready', 'unreachable'].map((taint) => daemonToleration(taint, 'NoExecute')),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((taint) =>
    daemonToleration(taint, 'NoSchedule'),
  ),
];

const HOST_NETWORK_TOLERATION = daemonToleration('network-unavailable', 'NoSchedule');

function daemonToleration(taint: string, effect: string): JsonObject {
  return { key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect };
}

/**
 * Returns the tolerations of a set's pods. If a toleration of the template is for the same taint as one of
 * `DAEMON_TOLERATIONS`, the one of `DAEMON_TOLERATIONS` replaces it. So a time limit of the template's toleration has
 * no effect.
 */
function tolerationsOf(spec: JsonObject): readonly JsonObject[] {
  const daemons = spec['hostNetwork'] === true ? [...DAEMON_TOLERATIONS, HOST_NETWORK_TOLERATION] : DAEMON_TOLERATIONS;
  const own = objectsAt(spec, 'tolerations').map((each) => daemons.find((daemon) => isSameTaint(daemon, each)) ?? each);
  return [...own, ...daemons.filter((daemon) => !own.includes(daemon))];
}

const isSameTaint = (a: JsonObject, b: JsonObject): boolean =>
  ['key', 'operator', 'value', 'effect'].every((field) => textAt(a, field) === textAt(b, field));

/** Keeps one pod of each DaemonSet on every node that the DaemonSet selects. */
export const daemonSetController: SimulatedController = {
  name: NAME,
  target: targetIn(DAEMON_SETS),

  *keysOf(event, client) {
    if (concerns(event, 'apps', 'daemonsets')) yield event.stored.key;
    if (concerns(event, '', 'nodes')) yield* client.list(DAEMON_SETS, '').map(keyOfObject);
    if (concerns(event, '', 'pods') && isNotablePodEvent(event)) yield* ownerKeys(event, client, PODS_OF_SET);
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const set = client.get(DAEMON_SETS, namespace, name);
    if (set === undefined) return;
    if (!controlByRule(client, set, PODS_OF_SET) || !controlByRule(client, set, REVISIONS_OF_SET)) return 'next';
    const hashes = podsOf(client, set).map((pod) => `${name}-${pod.metadata.labels?.[REVISION_HASH] ?? ''}`);
    const { revision, collisions } = currentRevision(client, set, REVISION_HASH, new Set(hashes));
    // A user can remove the label, so the hash is also read from the end of the revision's name.
    const hash = revision.metadata.labels?.[REVISION_HASH] ?? revision.metadata.name?.slice(name.length + 1) ?? '';
    const refusal =
      set.metadata.deletionTimestamp === undefined ? refusedPod(() => manage(client, set, hash)) : undefined;
    const again = updateStatus(client, set, hash, collisions);
    if (refusal !== undefined) throw refusal;
    return again;
  },
};

/** The names of the nodes that are relevant for a set. */
interface DaemonNodes {
  /** The nodes that should run a pod of the set. */
  readonly run: readonly string[];
  /** The nodes that keep an existing pod and get no new one. */
  readonly keep: readonly string[];
}

/**
 * Returns the nodes of a set. A node should run a pod if three conditions are true. The node matches the `nodeName`,
 * the node selector and the affinity of the template. The pods tolerate the taints of the node. The node is not being
 * deleted. A node with a new taint keeps its pod, except if the taint evicts the pod.
 */
function eligibleNodes(client: ControllerClient, set: KubeObject): DaemonNodes {
  const spec = objectAt(objectAt(set.spec, 'template'), 'spec');
  const tolerating = { tolerations: [...tolerationsOf(spec)] };
  const only = textAt(spec, 'nodeName');
  const run: string[] = [];
  const keep: string[] = [];
  for (const node of client.list(NODES, '')) {
    const { name = '', deletionTimestamp } = node.metadata;
    if (deletionTimestamp !== undefined || (only !== '' && only !== name)) continue;
    if (!matchesNode({ ...set, spec }, node)) continue;
    const taints = objectsAt(node.spec, 'taints');
    if (untoleratedTaint(taints, tolerating, ['NoSchedule', 'NoExecute']) === undefined) run.push(name);
    else if (untoleratedTaint(taints, tolerating, ['NoExecute']) === undefined) keep.push(name);
  }
  return { run, keep };
}

/** Returns the name of a pod's node. For a pod that is not bound yet, reads the name from the pod's affinity. */
const nodeOf = (pod: KubeObject): string => textAt(pod.spec, 'nodeName') || (nodeOfAffinity(pod) ?? '');

/**
 * Returns the number of pods that a rolling update may create in addition to one per node. Returns 0 for other
 * strategies.
 */
function surgeOf(set: KubeObject, nodes: number): number {
  const strategy = objectAt(set.spec, 'updateStrategy');
  if (textAt(strategy, 'type') === 'OnDelete') return 0;
  return share(objectAt(strategy, 'rollingUpdate')['maxSurge'] ?? 0, nodes, Math.ceil);
}

function manage(client: ControllerClient, set: KubeObject, hash: string): void {
  const nodes = eligibleNodes(client, set);
  const maxSurge = surgeOf(set, nodes.run.length);
  if (maxSurge > 0) surge(client, set, nodes, hash, maxSurge);
  else manageOnePerNode(client, set, nodes, hash);
}

function surge(client: ControllerClient, set: KubeObject, nodes: DaemonNodes, hash: string, maxSurge: number): void {
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const pods = podsOf(client, set);
  for (const pod of pods) {
    if (isFinished(pod) && !isTerminating(pod)) remove(client, set, pod);
  }
  const plan = surgePlan({
    nodes: nodes.run,
    keep: nodes.keep,
    pods: activePods(pods).toSorted(compareBoundThenAge),
    maxSurge,
    nodeOf,
    isNew: (pod) => pod.metadata.labels?.[REVISION_HASH] === hash,
    isReady,
    isAvailable: (pod) => isAvailable(pod, minReady, client.now()),
  });
  for (const pod of firstBatch(plan.remove)) remove(client, set, pod);
  createOn(client, set, plan.create, hash);
}

/** Sorts bound pods before unbound pods, and within each group by descending age. */
function compareBoundThenAge(a: KubeObject, b: KubeObject): number {
  const scheduled = (pod: KubeObject) => textAt(pod.spec, 'nodeName') !== '';
  if (scheduled(a) !== scheduled(b)) return scheduled(a) ? -1 : 1;
  const orderOf = ({ metadata }: KubeObject) => `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`;
  return orderOf(a) < orderOf(b) ? -1 : 1;
}

function manageOnePerNode(client: ControllerClient, set: KubeObject, { run, keep }: DaemonNodes, hash: string): void {
  const hosts = new Set([...run, ...keep]);
  const occupied = new Set<string>();
  const staffed = new Set<string>();
  for (const pod of podsOf(client, set).toSorted(compareBoundThenAge)) {
    const node = nodeOf(pod);
    occupied.add(node);
    if (isTerminating(pod)) continue;
    if (!hosts.has(node) || isFinished(pod) || staffed.has(node)) remove(client, set, pod);
    else staffed.add(node);
  }
  createOn(
    client,
    set,
    run.filter((node) => !occupied.has(node)),
    hash,
  );
  if (textAt(objectAt(set.spec, 'updateStrategy'), 'type') === 'OnDelete') return;
  const present = run.length + keep.filter((node) => occupied.has(node)).length;
  replaceOld(client, set, { desired: run.length, present }, hash);
}

/** `desired` is the number of nodes that should run a pod. `present` also counts the nodes that only keep a pod. */
interface NodeCounts {
  readonly desired: number;
  readonly present: number;
}

/**
 * Deletes pods of old revisions: all pods that are not available, and as many available pods as `maxUnavailable`
 * permits.
 */
function replaceOld(client: ControllerClient, set: KubeObject, { desired, present }: NodeCounts, hash: string): void {
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const rolling = objectAt(objectAt(set.spec, 'updateStrategy'), 'rollingUpdate');
  const maxUnavailable = share(rolling['maxUnavailable'] ?? 1, desired, Math.ceil);
  const allowed = desired === 0 ? maxUnavailable : Math.max(1, maxUnavailable);
  const pods = activePods(podsOf(client, set));
  const available = pods.filter((pod) => isAvailable(pod, minReady, client.now()));
  let budget = allowed - (present - available.length);
  for (const pod of pods) {
    if (pod.metadata.labels?.[REVISION_HASH] === hash) continue;
    if (available.includes(pod)) {
      if (budget <= 0) continue;
      budget -= 1;
    }
    remove(client, set, pod);
  }
}

/** Creates a batch of pods. Their events cause the next reconcile. */
function createOn(client: ControllerClient, set: KubeObject, nodes: readonly string[], hash: string): void {
  const batch = new Batch(client);
  for (const node of nodes) {
    create(client, set, node, hash);
    if (batch.isFullWith(set)) return;
  }
}

function create(client: ControllerClient, set: KubeObject, node: string, hash: string): void {
  const { name = '', namespace = '' } = set.metadata;
  const { metadata, spec } = podFromTemplate(set);
  const generation = set.metadata.annotations?.[GENERATION] ?? '1';
  const pod = client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      generateName: `${name}-`,
      namespace,
      labels: { ...metadata.labels, [REVISION_HASH]: hash, 'pod-template-generation': generation },
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...spec,
      affinity: {
        ...objectAt(spec, 'affinity'),
        nodeAffinity: { ...objectAt(spec, 'affinity', 'nodeAffinity'), ...nodeAffinityTo(node) },
      },
      tolerations: [...tolerationsOf(spec)],
    },
  });
  recordEvent(client, set, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
}

function remove(client: ControllerClient, set: KubeObject, pod: KubeObject): void {
  client.remove(pod);
  recordEvent(client, set, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
}

/** Writes the counts of the status. Returns the milliseconds until the next ready pod becomes available. */
function updateStatus(
  client: ControllerClient,
  before: KubeObject,
  hash: string,
  collisions: number,
): number | undefined {
  const set = client.get(DAEMON_SETS, before.metadata.namespace ?? '', before.metadata.name ?? '');
  if (set === undefined) return undefined;
  const nodes = new Set(eligibleNodes(client, set).run);
  const all = activePods(podsOf(client, set));
  // During a surge, a node can have two pods of the set. Only the first of them, in the order of `compareBoundThenAge`,
  // is counted.
  const oldest = new Map(
    all
      .toSorted(compareBoundThenAge)
      .toReversed()
      .map((pod) => [nodeOf(pod), pod]),
  );
  const pods = [...oldest.values()].filter((pod) => nodes.has(nodeOf(pod)));
  const minReady = specNumber(set, 'minReadySeconds', 0);
  const available = pods.filter((pod) => isAvailable(pod, minReady, client.now())).length;
  const updated = pods.filter((pod) => pod.metadata.labels?.[REVISION_HASH] === hash).length;
  const unavailable = nodes.size - available;
  client.updateStatus(set, {
    currentNumberScheduled: pods.length,
    numberMisscheduled: oldest.size - pods.length,
    desiredNumberScheduled: nodes.size,
    numberReady: pods.filter(isReady).length,
    observedGeneration: set.metadata.generation ?? 1,
    ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
    ...(available > 0 ? { numberAvailable: available } : {}),
    ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    ...(collisions > 0 ? { collisionCount: collisions } : {}),
  });
  return untilAvailable(all, minReady, client.now());
}
