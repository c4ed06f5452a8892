import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey } from './controller.ts';
import { NODE_ADDRESS, NODE_NAME } from './node.ts';
import { controllerOf } from './world.ts';
import { isFinished, PODS } from './pods.ts';
import type { World } from './world.ts';

/** How long after its start a pod becomes ready, as whole seconds. Default: at once. */
const READY_AFTER = 'typekro.dev/simulate-ready-after-seconds';
/** Keeps the containers of a pod waiting for ever, with this reason, e.g. `CrashLoopBackOff`. */
const FAILURE = 'typekro.dev/simulate-failure';

/**
 * Scheduler and kubelet in one: puts pods on the one node, starts their containers without running
 * anything, reports them ready, lets pods of Jobs succeed, and ends pods that are deleted. Annotations of
 * the pod slow its readiness down or make it fail.
 */
export const kubelet: SimulatedController = {
  name: 'kubelet',

  *keysOf(event) {
    if (concerns(event, '', 'pods') && event.type !== 'DELETED') yield event.stored.key;
  },

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const pod = world.get(PODS, namespace, name);
    if (pod === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      if ((pod.metadata.finalizers ?? []).length === 0) world.remove(pod, { graceSeconds: 0 });
      return;
    }
    const spec = pod.spec ?? {};
    if (spec['nodeName'] === undefined) return schedule(world, pod);
    if (spec['nodeName'] !== NODE_NAME || isFinished(pod)) return;
    return run(world, pod);
  },
};

function schedule(world: World, pod: KubeObject): void {
  if (Array.isArray(pod.spec?.['schedulingGates']) && pod.spec['schedulingGates'].length > 0) return;
  world.bind(pod, NODE_NAME);
}

/** Brings the status to what a started pod has; gives the time until readiness where that lies ahead. */
function run(world: World, pod: KubeObject): number | undefined {
  const annotations = pod.metadata.annotations ?? {};
  const startTime = String(pod.status?.['startTime'] ?? world.timestamp());
  const failure = annotations[FAILURE];
  const delay = Math.max(0, Number(annotations[READY_AFTER] ?? 0) || 0) * 1000;
  const remaining = Date.parse(startTime) + delay - world.now();
  const succeeds = controllerOf(pod)?.kind === 'Job';
  const ready = failure === undefined && remaining <= 0;
  const status = podStatus(world, pod, startTime, { failure, ready, succeeded: succeeds && ready });
  world.updateStatus(pod, status);
  return failure === undefined && remaining > 0 ? remaining : undefined;
}

interface Outcome {
  readonly failure: string | undefined;
  readonly ready: boolean;
  readonly succeeded: boolean;
}

function podStatus(world: World, pod: KubeObject, startTime: string, outcome: Outcome): JsonObject {
  const { failure, ready, succeeded } = outcome;
  const running = ready && !succeeded;
  const podIP = String(pod.status?.['podIP'] ?? addressOf(pod));
  const before = Array.isArray(pod.status?.['conditions']) ? (pod.status['conditions'] as JsonObject[]) : [];
  const condition = (type: string, holds: boolean, reason?: string): JsonObject => {
    const status = holds ? 'True' : 'False';
    const known = before.find((entry) => entry['type'] === type);
    const since = known?.['status'] === status ? known['lastTransitionTime'] : world.timestamp();
    return {
      type,
      status,
      observedGeneration: pod.metadata.generation ?? 1,
      lastProbeTime: null,
      lastTransitionTime: since ?? world.timestamp(),
      ...(reason === undefined ? {} : { reason }),
    };
  };
  const unready = succeeded ? 'PodCompleted' : running ? undefined : 'ContainersNotReady';
  return {
    ...pod.status,
    observedGeneration: pod.metadata.generation ?? 1,
    phase: succeeded ? 'Succeeded' : failure === undefined ? 'Running' : 'Pending',
    conditions: [
      condition('PodReadyToStartContainers', !succeeded),
      condition('Initialized', true, succeeded ? 'PodCompleted' : undefined),
      condition('Ready', running, unready),
      condition('ContainersReady', running, unready),
      condition('PodScheduled', true),
    ],
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime,
    containerStatuses: containersOf(pod).map((container) => containerStatus(container, startTime, outcome)),
  };
}

function containersOf(pod: KubeObject): JsonObject[] {
  const containers = pod.spec?.['containers'];
  return Array.isArray(containers) ? containers.filter(isJsonObject) : [];
}

function containerStatus(container: JsonObject, startedAt: string, { failure, ready, succeeded }: Outcome): JsonObject {
  const state: JsonObject =
    failure !== undefined
      ? { waiting: { reason: failure, message: `simulated: ${failure}` } }
      : succeeded
        ? { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt: startedAt } }
        : { running: { startedAt } };
  return {
    name: container['name'],
    image: container['image'] ?? '',
    imageID: `simulated://${String(container['image'] ?? '')}`,
    ready: ready && !succeeded,
    restartCount: 0,
    started: failure === undefined && !succeeded,
    state,
    lastState: {},
  };
}

/** An address of the pod network that follows from the uid, so that it stays the same. */
function addressOf({ metadata }: KubeObject): string {
  const bits = Number.parseInt((metadata.uid ?? '').replaceAll('-', '').slice(0, 6), 16) || 0;
  return `10.244.${(bits >> 8) & 0xff}.${(bits & 0xfe) + 1}`;
}
