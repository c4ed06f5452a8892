import type { KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, firstBatch, keyOfObject } from '../simulated-controller.ts';
import type { ControllerClient } from '../controller-client.ts';
import { withDisruptionTarget } from '../workloads/disruption-target.ts';
import { NODES } from '../nodes/simulated-node.ts';
import { isFinished, isTerminating, PODS } from './pod-state.ts';

/** The number of ended pods that a cluster keeps: the default of `--terminated-pod-gc-threshold`. */
const MAX_ENDED_PODS = 12_500;

/** The time after which a missing node counts as gone, in milliseconds. */
const QUARANTINE_MS = 40_000;

/**
 * The interval of kube-controller-manager's checks, in milliseconds. It delays the removal of deleted pods without a
 * node.
 */
const CHECK_MS = 20_000;

/** The key for the work on all ended pods. All other keys are keys of pods. */
const ENDED = 'ended';

/**
 * Removes pods that no kubelet removes: the oldest ended pods above a maximum, the pods of nodes that are gone, and
 * deleted pods that have no node. Pods that have not ended become Failed first.
 */
export function podCollector(maxEnded: number = MAX_ENDED_PODS): SimulatedController {
  /** The keys of the ended pods. */
  const ended = new Set<string>();
  /** The times at which the nodes of pods were first missing, keyed by pod key. */
  const missedAt = new Map<string, number>();
  return {
    name: 'pod-garbage-collector',

    *keysOf(event, client) {
      const { key, object } = event.stored;
      if (concerns(event, NODES.group, NODES.plural)) {
        if (event.type !== 'DELETED') return;
        for (const pod of client.list(PODS, '')) if (nodeOf(pod) === object.metadata.name) yield keyOfObject(pod);
      }
      if (!concerns(event, PODS.group, PODS.plural)) return;
      if (event.type === 'DELETED') {
        ended.delete(key);
        missedAt.delete(key);
        return;
      }
      if (!isFinished(object)) ended.delete(key);
      else if (ended.add(key).size > maxEnded) yield ENDED;
      if (isOrphaned(object, client) || isUnscheduledEnd(object)) yield key;
    },

    reset() {
      ended.clear();
      missedAt.clear();
    },

    reconcile(key, client) {
      if (key === ENDED) {
        const pods = [...ended].flatMap((each) => client.at(PODS, each) ?? []);
        const surplus = surplusPods(pods, maxEnded);
        const removed = firstBatch(surplus);
        for (const pod of removed) client.remove(pod, { graceSeconds: 0 });
        return removed.length < surplus.length ? 'next' : undefined;
      }
      const pod = client.at(PODS, key);
      if (pod === undefined) return undefined;
      if (isUnscheduledEnd(pod)) {
        const due = Date.parse(pod.metadata.deletionTimestamp ?? '') + CHECK_MS;
        if (due > client.now()) return due - client.now();
        failAndRemove(client, pod, pod.status ?? {});
        return undefined;
      }
      if (!isOrphaned(pod, client)) {
        missedAt.delete(key);
        return undefined;
      }
      const since = missedAt.get(key) ?? client.now();
      missedAt.set(key, since);
      if (since + QUARANTINE_MS > client.now()) return since + QUARANTINE_MS - client.now();
      const status = withDisruptionTarget(client, pod, 'DeletionByPodGC', 'PodGC: node no longer exists');
      failAndRemove(client, pod, status);
      return undefined;
    },
  };
}

/**
 * Returns the ended pods above the maximum: evicted pods first, then the oldest pods. Sorts pods of equal age by name.
 */
export function surplusPods(ended: readonly KubeObject[], maximum: number): readonly KubeObject[] {
  const rank = (pod: KubeObject): string =>
    [isEvicted(pod) ? 0 : 1, pod.metadata.creationTimestamp ?? '', pod.metadata.name ?? ''].join(' ');
  return ended
    .map((pod) => ({ pod, rank: rank(pod) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, Math.max(0, ended.length - maximum))
    .map(({ pod }) => pod);
}

const isEvicted = ({ status }: KubeObject): boolean => status?.['phase'] === 'Failed' && status['reason'] === 'Evicted';

const nodeOf = ({ spec }: KubeObject): string => textAt(spec, 'nodeName');

/** Is the pod bound to a node that does not exist? */
const isOrphaned = (pod: KubeObject, client: ControllerClient): boolean =>
  nodeOf(pod) !== '' && client.get(NODES, '', nodeOf(pod)) === undefined;

/** Is this a pod that is being deleted, that has no node, and that has not ended? */
const isUnscheduledEnd = (pod: KubeObject): boolean => isTerminating(pod) && nodeOf(pod) === '' && !isFinished(pod);

/** Removes a pod immediately. Sets a pod that has not ended to Failed first, because no kubelet reports its outcome. */
function failAndRemove(client: ControllerClient, pod: KubeObject, status: NonNullable<KubeObject['status']>): void {
  const failed = isFinished(pod) ? pod : client.updateStatus(pod, { ...status, phase: 'Failed' });
  client.remove(failed, { graceSeconds: 0 });
}
