import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { evictionDelayMs } from '../../scheduling/taints.ts';
import type { StoreEvent } from '../../store/store.ts';
import { type SimulatedController, concerns, keyOfObject, targetIn } from '../simulated-controller.ts';
import { disruptPod } from '../workloads/disruption-target.ts';
import { recordEvent } from '../events.ts';
import { NODES } from './simulated-node.ts';
import { PODS } from '../pods/pod-state.ts';
import type { ControllerClient } from '../controller-client.ts';

const NAME = 'taint-eviction-controller';

const noExecuteTaints = (node: KubeObject | undefined): readonly JsonObject[] =>
  objectsAt(node?.spec, 'taints').filter((taint) => taint['effect'] === 'NoExecute');

/** The time of an eviction in milliseconds since the epoch; `done` for a pod that was evicted. */
type Eviction = number | 'done';

/**
 * Evicts pods from nodes that have taints with the effect `NoExecute`. A pod that does not tolerate a taint is evicted
 * at once; a pod with `tolerationSeconds` is evicted after this time. The removal of the taint cancels the eviction. As
 * in Kubernetes, a scheduled eviction keeps its time when `tolerationSeconds` changes to another value above 0.
 */
export function taintEvictionController(): SimulatedController {
  const evictions = new Map<string, Eviction>();

  const cancel = (client: ControllerClient, pod: KubeObject): void => {
    const key = keyOfObject(pod);
    const isWaiting = typeof evictions.get(key) === 'number';
    evictions.delete(key);
    if (isWaiting) recordEvent(client, pod, NAME, 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
  };

  const evict = (client: ControllerClient, pod: KubeObject): void => {
    const key = keyOfObject(pod);
    const { namespace = '', name = '', uid } = pod.metadata;
    recordEvent(client, pod, NAME, 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    disruptPod(client, pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint');
    // The pod still exists until its grace period has passed, unless the grace period is zero.
    if (client.get(PODS, namespace, name)?.metadata.uid === uid) evictions.set(key, 'done');
  };

  return {
    name: NAME,
    target: targetIn(PODS),

    *keysOf(event, client) {
      if (concerns(event, '', 'pods')) {
        const { key, object } = event.stored;
        if (event.type === 'DELETED') evictions.delete(key);
        else if (isPlacedAnew(event) && noExecuteTaints(nodeOf(client, object)).length > 0) yield key;
      } else if (concerns(event, '', 'nodes') && event.type !== 'DELETED' && areTaintsChanged(event)) {
        for (const pod of client.podsOfNode(event.stored.key)) yield keyOfObject(pod);
      }
    },

    reset() {
      evictions.clear();
    },

    reconcile(key, client) {
      const pod = client.at(PODS, key);
      if (pod === undefined) return undefined;
      const taints = noExecuteTaints(nodeOf(client, pod));
      const delayMs = taints.length === 0 ? undefined : evictionDelayMs(taints, pod.spec);
      if (delayMs === undefined) {
        cancel(client, pod);
        return undefined;
      }
      const present = evictions.get(key);
      if (present === 'done') return undefined;
      if (delayMs === 0) {
        cancel(client, pod);
        evict(client, pod);
        return undefined;
      }
      const time = present ?? client.now() + delayMs;
      evictions.set(key, time);
      if (time > client.now()) return time - client.now();
      evict(client, pod);
      return undefined;
    },
  };
}

const nodeOf = (client: ControllerClient, pod: KubeObject): KubeObject | undefined => {
  const name = textAt(pod.spec, 'nodeName');
  return name === '' ? undefined : client.get(NODES, '', name);
};

/** Is the pod new on its node, or have its tolerations changed? */
const isPlacedAnew = ({ stored: { object }, previous }: StoreEvent): boolean =>
  previous === undefined ||
  previous.object.spec?.['nodeName'] !== object.spec?.['nodeName'] ||
  previous.object.spec?.['tolerations'] !== object.spec?.['tolerations'];

const areTaintsChanged = ({ stored: { object }, previous }: StoreEvent): boolean =>
  previous === undefined
    ? noExecuteTaints(object).length > 0
    : previous.object.spec?.['taints'] !== object.spec?.['taints'];
