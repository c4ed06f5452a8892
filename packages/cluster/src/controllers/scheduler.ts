import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { conditionOf, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { boundNodeOf, NodeLedger } from '../scheduling/node-ledger.ts';
import { demandOf } from '../scheduling/node-usage.ts';
import type { RoomView, SchedulingDecision, SchedulingView } from '../scheduling/schedule.ts';
import { isWorthTrying, nominationOf, schedule } from '../scheduling/schedule.ts';
import type { Victims } from '../scheduling/victims.ts';
import { WaitingPods } from '../scheduling/waiting-pods.ts';
import type { StoreEvent } from '../store/store.ts';
import { type SimulatedController, concerns, keyOfObject, targetIn } from './simulated-controller.ts';
import { BUDGETS } from './workloads/disruption.ts';
import { disruptPod } from './workloads/disruption-target.ts';
import { recordEvent } from './events.ts';
import { isSimulatedNode, NODES } from './nodes/simulated-node.ts';
import { isTerminating, PODS } from './pods/pod-state.ts';
import type { ControllerClient } from './controller-client.ts';
import { claimsOfPod } from '../pods/bound-pod.ts';

const NAME = 'default-scheduler';

/** The cause of a search for waiting pods: a change of a node, or of the pods on the node. */
type Change = 'node' | 'pods';

/**
 * Returns the key under which the controller queues a search for waiting pods that may fit on a node now. The search
 * covers only pods with at most this priority. The key of a search contains a space, and the key of a pod never does.
 */
const searchKey = (change: Change, node: string, maxPriority = Number.POSITIVE_INFINITY): string =>
  `${change} ${maxPriority} ${node}`;

/**
 * The maximum number of waiting pods whose messages are updated after a change of a node. Even a change that allows no
 * pod to run can alter the messages of all waiting pods. The pods above this limit keep their messages for now, as in
 * Kubernetes, which retries such pods minutes later or after another event.
 */
const MAX_NEW_TEXTS = 10;

export const CLAIMS = { group: '', plural: 'persistentvolumeclaims' } as const;

/**
 * The scheduler. It binds pods to simulated nodes with sufficient resources (`schedule`). It preempts pods of lower
 * priority for pods that fit on no node. It ignores pods with scheduling gates and pods that name another scheduler.
 * `ledger` and `waiting` are updated by events, so that no decision reads all pods.
 */
export function scheduler(): SimulatedController {
  const ledger = new NodeLedger(boundNodeOf);
  const waiting = new WaitingPods();

  const room: RoomView = { account: (node) => ledger.account(node), nominated: (node) => waiting.nominated(node) };

  const viewOf = (client: ControllerClient): SchedulingView => ({
    ...room,
    nodes: client.list(NODES, '').filter(isSimulatedNode),
    budgets: () => client.list(BUDGETS, ''),
  });

  /** Yields the keys of waiting pods to try after a change of a node, or of the pods on the node. */
  function* find(key: string, client: ControllerClient): Iterable<string> {
    const [change, maxPriority, name = ''] = key.split(' ');
    const node = client.get(NODES, '', name);
    const place = node !== undefined && isSimulatedNode(node) ? node : undefined;
    for (const { key: first, demand } of waiting.firstsOn(name)) {
      if (demand.priority > Number(maxPriority) || !isWorthTrying(demand, name, place, room)) continue;
      if (claimProblem(client, demand.pod) === undefined) yield first;
    }
    if (change !== 'node') return;
    let left = MAX_NEW_TEXTS;
    for (const other of waiting.keysOn(name)) {
      yield other;
      left -= 1;
      if (left === 0) return;
    }
  }

  function* keysOfPod(event: StoreEvent): Iterable<string> {
    const { key, object } = event.stored;
    const pod = event.type === 'DELETED' ? undefined : object;
    const nomination = waiting.nominationOf(key);
    const waited = waiting.has(key);
    const freed = ledger.take(key, pod);
    const next = waiting.take(key, pod);
    // A status write by another client can remove the pod from `waiting`.
    const isForgotten = waited && !waiting.has(key);
    if (pod !== undefined && isUnbound(pod) && (isForgotten || isNewNeed(event))) yield key;
    if (next !== undefined) yield next;
    if (waiting.isEmpty) return;
    if (freed !== undefined) yield searchKey('pods', freed);
    // When a pod loses its nomination without using it, the reserved resources become free for other pods. Only pods of
    // at most its priority are tried. Pods of higher priority do not respect the reservation, so its end changes
    // nothing for them. A new try of such a pod could take the nomination away again.
    const isGivenUp = nomination !== waiting.nominationOf(key) && textAt(pod?.spec, 'nodeName') !== nomination;
    if (nomination !== '' && nomination !== freed && isGivenUp) {
      yield searchKey('pods', nomination, demandOf(object).priority);
    }
  }

  return {
    name: NAME,
    target: targetIn(PODS),
    ownFailures: true,

    *keysOf(event, client) {
      if (concerns(event, '', 'pods')) yield* keysOfPod(event);
      else if (concerns(event, '', 'nodes')) {
        if (isRoomChanged(event) && !waiting.isEmpty) yield searchKey('node', event.stored.key);
      } else if (concerns(event, '', 'persistentvolumeclaims') && event.type !== 'DELETED') {
        const { namespace = '', name = '' } = event.stored.object.metadata;
        for (const pod of client.podsOfClaim(namespace, name)) if (isUnbound(pod)) yield keyOfObject(pod);
      }
    },

    search: { isKey: (key) => key.includes(' '), find },

    reset() {
      ledger.clear();
      waiting.clear();
    },

    reconcile(key, client) {
      const pod = client.at(PODS, key);
      if (pod === undefined || !isUnbound(pod) || isTerminating(pod)) return;
      if (pod.spec?.['schedulerName'] !== NAME || objectsAt(pod.spec, 'schedulingGates').length > 0) return;
      const decision = schedule(demandOf(pod), viewOf(client), spread(pod), claimProblem(client, pod));
      if (decision.action === 'bind') {
        client.bind(pod, decision.node);
        recordEvent(client, pod, NAME, 'Scheduled', `Successfully assigned ${key} to ${decision.node}`);
        return;
      }
      // The nomination is written before the evictions. A victim can be removed immediately, and its removal wakes
      // waiting pods.
      wait(client, pod, decision);
      if (decision.victims === undefined) return;
      evict(client, pod, decision.victims);
      const lower = waiting.nominated(decision.victims.node).filter(({ priority }) => priority < priorityOf(pod));
      for (const loser of lower) client.updateStatus(loser.pod, withoutNomination(loser.pod));
    },
  };
}

const isUnbound = (pod: KubeObject): boolean => pod.spec?.['nodeName'] === undefined;

const priorityOf = (pod: KubeObject): number => demandOf(pod).priority;

/** Returns a number, derived from the uid, that spreads pods over the nodes. */
const spread = ({ metadata }: KubeObject): number => Number.parseInt((metadata.uid ?? '').slice(0, 6), 16) || 0;

/**
 * Must the unbound pod of the event be scheduled? True for a new pod, after a change of its spec or annotations, and
 * after the loss of its nomination.
 */
function isNewNeed({ stored: { object }, previous }: StoreEvent): boolean {
  if (previous === undefined) return true;
  const { spec, metadata } = previous.object;
  const lostNomination = nominationOf(previous.object) !== '' && nominationOf(object) === '';
  return spec !== object.spec || metadata.annotations !== object.metadata.annotations || lostNomination;
}

/** Can the event of a node affect waiting pods? A heartbeat cannot. */
function isRoomChanged({ type, stored: { object }, previous }: StoreEvent): boolean {
  const before = previous?.object;
  return (
    type === 'DELETED' ||
    before === undefined ||
    before.spec !== object.spec ||
    before.metadata.labels !== object.metadata.labels ||
    before.metadata.annotations !== object.metadata.annotations ||
    before.status?.['allocatable'] !== object.status?.['allocatable']
  );
}

/**
 * Returns the reason why the volumes of a pod are not ready, in the words of kube-scheduler, or `undefined` when they
 * are ready.
 */
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

/** Starts the deletion of the victims of a preemption. Ignores pods that are already being deleted. */
function evict(client: ControllerClient, pod: KubeObject, { node, pods }: Victims): void {
  const message = `${NAME}: preempting to accommodate a higher priority pod`;
  for (const { pod: victim } of pods) {
    if (isTerminating(victim)) continue;
    disruptPod(client, victim, 'PreemptionByScheduler', message);
    recordEvent(client, victim, NAME, 'Preempted', `Preempted by pod ${pod.metadata.uid ?? ''} on node ${node}`);
  }
}

function withoutNomination({ status = {} }: KubeObject): JsonObject {
  const { nominatedNodeName: _, ...rest } = status;
  return rest;
}

/**
 * Writes the reason why a pod waits, and its nomination. Writes nothing and records no event when neither the reason
 * nor the nomination has changed.
 */
function wait(
  client: ControllerClient,
  pod: KubeObject,
  { message, victims, clearsNomination }: SchedulingDecision & { readonly action: 'wait' },
): void {
  const known = conditionOf(pod, 'PodScheduled');
  const nomination = victims?.node ?? (clearsNomination === true ? '' : nominationOf(pod));
  if (known?.['message'] === message && nomination === nominationOf(pod)) return;
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
  client.updateStatus(pod, {
    ...withoutNomination(pod),
    ...(nomination === '' ? {} : { nominatedNodeName: nomination }),
    conditions: [...others, condition],
  });
  if (known?.['message'] !== message) recordEvent(client, pod, NAME, 'FailedScheduling', message, 'Warning');
}
