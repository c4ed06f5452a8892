import type { KubeObject } from '../../core/index.ts';
import { objectsAt, textAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { isSimulatedNode, NODES } from './node.ts';
import type { PodOutcome } from './pod-outcome.ts';
import { planPod, UNHEALTHY } from './pod-outcome.ts';
import { podStatus } from './pod-status.ts';
import { isFinished, PODS } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';

const NAME = 'kubelet';

/**
 * The kubelet of the simulated nodes. It runs nothing: it reports the containers of the nodes' pods as started and
 * ready, ends the pods of Jobs and the pods whose commands end (`planPod`), and ends deleted pods. Annotations of a pod
 * delay its readiness or make it fail.
 */
export const kubelet: SimulatedController = {
  name: NAME,
  target: targetIn(PODS),
  ownFailures: true,

  *keysOf(event, client) {
    if (!concerns(event, '', 'pods')) return;
    if (event.type === 'DELETED') client.forgetLogs(event.stored.object);
    else if (event.stored.object.spec?.['nodeName'] !== undefined) yield event.stored.key;
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const pod = client.get(PODS, namespace, name);
    if (pod === undefined) return;
    const node = client.get(NODES, '', textAt(pod.spec, 'nodeName'));
    if (node === undefined || !isSimulatedNode(node)) return;
    if (pod.metadata.deletionTimestamp !== undefined) return end(client, pod);
    if (!isFinished(pod)) return run(client, pod);
  },
};

/**
 * Ends a deleted pod. A pod with finalizers gets the status of an ended pod. The controllers that set these finalizers
 * wait for this status, and then remove the finalizers.
 */
function end(client: ControllerClient, pod: KubeObject): void {
  if (textAt(pod.status, 'phase') === 'Running') {
    for (const { name } of objectsAt(pod.spec, 'containers')) {
      recordEvent(client, pod, NAME, 'Killing', `Stopping container ${String(name)}`);
    }
  }
  if ((pod.metadata.finalizers ?? []).length === 0) return client.remove(pod, { graceSeconds: 0 });
  if (!isFinished(pod)) report(client, pod, { state: 'failed', reason: 'Killed' });
}

/**
 * Writes the status of a pod that is not finished. The first call starts the pod. Returns the milliseconds after which
 * the status changes without an event; `undefined` when only an event can change it.
 */
function run(client: ControllerClient, pod: KubeObject): number | undefined {
  const started = pod.status?.['startTime'];
  const elapsed = typeof started === 'string' ? client.now() - Date.parse(started) : 0;
  const { outcome, next } = planPod(pod, elapsed);
  if (started === undefined) recordStart(client, pod, outcome);
  report(client, pod, outcome);
  return next;
}

function report(client: ControllerClient, pod: KubeObject, outcome: PodOutcome): void {
  const now = client.timestamp();
  client.updateStatus(pod, podStatus(pod, outcome, textAt(pod.status, 'startTime') || now, now));
}

function recordStart(client: ControllerClient, pod: KubeObject, outcome: PodOutcome): void {
  for (const { name, image } of objectsAt(pod.spec, 'containers')) {
    if (outcome.state === 'waiting') {
      recordEvent(client, pod, NAME, 'Failed', `Error: ${outcome.reason}`, 'Warning');
      continue;
    }
    recordEvent(client, pod, NAME, 'Pulled', `Container image "${String(image)}" already present on machine`);
    recordEvent(client, pod, NAME, 'Created', `Created container: ${String(name)}`);
    recordEvent(client, pod, NAME, 'Started', `Started container ${String(name)}`);
    if (outcome.state === 'crashing') {
      const message = `Back-off restarting failed container ${String(name)} in pod ${pod.metadata.name ?? ''}`;
      recordEvent(client, pod, NAME, 'BackOff', message, 'Warning');
    }
    if (outcome.state === 'running' && !outcome.ready) {
      recordEvent(client, pod, NAME, UNHEALTHY, 'Readiness probe failed: simulated', 'Warning');
    }
  }
}
