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
 * The kubelet of the simulated nodes: starts the containers of their pods without running anything,
 * reports them ready, lets pods of Jobs succeed, and ends pods that are deleted. Annotations of the pod
 * slow its readiness down or make it fail.
 */
export const kubelet: SimulatedController = {
  name: NAME,
  target: targetIn(PODS),
  ownFailures: true,

  *keysOf(event, world) {
    if (!concerns(event, '', 'pods')) return;
    if (event.type === 'DELETED') world.forgetLogs(event.stored.object);
    else if (event.stored.object.spec?.['nodeName'] !== undefined) yield event.stored.key;
  },

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const pod = world.get(PODS, namespace, name);
    if (pod === undefined) return;
    const node = world.get(NODES, '', textAt(pod.spec, 'nodeName'));
    if (node === undefined || !isSimulatedNode(node)) return;
    if (pod.metadata.deletionTimestamp !== undefined) return end(world, pod);
    if (!isFinished(pod)) return run(world, pod);
  },
};

/** Ends a deleted pod. A pod with finalizers gets the status of an ended one, so that their clients can remove them. */
function end(world: ControllerClient, pod: KubeObject): void {
  if (textAt(pod.status, 'phase') === 'Running') {
    for (const { name } of objectsAt(pod.spec, 'containers')) {
      recordEvent(world, pod, NAME, 'Killing', `Stopping container ${String(name)}`);
    }
  }
  if ((pod.metadata.finalizers ?? []).length === 0) return world.remove(pod, { graceSeconds: 0 });
  if (!isFinished(pod)) report(world, pod, { state: 'failed', reason: 'Killed' });
}

/** Writes the status of a started pod; gives the milliseconds until time alone changes it. */
function run(world: ControllerClient, pod: KubeObject): number | undefined {
  const started = pod.status?.['startTime'];
  const elapsed = typeof started === 'string' ? world.now() - Date.parse(started) : 0;
  const { outcome, next } = planPod(pod, elapsed);
  if (started === undefined) recordStart(world, pod, outcome);
  report(world, pod, outcome);
  return next;
}

function report(world: ControllerClient, pod: KubeObject, outcome: PodOutcome): void {
  const now = world.timestamp();
  world.updateStatus(pod, podStatus(pod, outcome, textAt(pod.status, 'startTime') || now, now));
}

function recordStart(world: ControllerClient, pod: KubeObject, outcome: PodOutcome): void {
  for (const { name, image } of objectsAt(pod.spec, 'containers')) {
    if (outcome.state === 'waiting') {
      recordEvent(world, pod, NAME, 'Failed', `Error: ${outcome.reason}`, 'Warning');
      continue;
    }
    recordEvent(world, pod, NAME, 'Pulled', `Container image "${String(image)}" already present on machine`);
    recordEvent(world, pod, NAME, 'Created', `Created container: ${String(name)}`);
    recordEvent(world, pod, NAME, 'Started', `Started container ${String(name)}`);
    if (outcome.state === 'crashing') {
      const message = `Back-off restarting failed container ${String(name)} in pod ${pod.metadata.name ?? ''}`;
      recordEvent(world, pod, NAME, 'BackOff', message, 'Warning');
    }
    if (outcome.state === 'running' && !outcome.ready) {
      recordEvent(world, pod, NAME, UNHEALTHY, 'Readiness probe failed: simulated', 'Warning');
    }
  }
}
