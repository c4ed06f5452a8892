import type { JsonObject, KubeObject } from '../../core/index.ts';
import { objectsAt } from '../../kubernetes/index.ts';
import { NODE_ADDRESS } from '../bootstrap.ts';
import type { PodOutcome } from './pod-outcome.ts';

const PHASES = {
  waiting: 'Pending',
  running: 'Running',
  crashing: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
} as const;

/** The status that the kubelet reports for a started pod. A state that has not changed keeps its times. */
export function podStatus(pod: KubeObject, outcome: PodOutcome, startTime: string, now: string): JsonObject {
  const ended = outcome.state === 'succeeded' || outcome.state === 'failed';
  const ready = outcome.state === 'running' && outcome.ready;
  const podIP = String(pod.status?.['podIP'] ?? addressOf(pod));
  const before = objectsAt(pod.status, 'conditions');
  const condition = (type: string, holds: boolean, reason?: string): JsonObject => {
    const status = holds ? 'True' : 'False';
    const known = before.find((entry) => entry['type'] === type);
    return {
      type,
      status,
      observedGeneration: pod.metadata.generation ?? 1,
      lastProbeTime: null,
      lastTransitionTime: known?.['status'] === status ? (known['lastTransitionTime'] ?? now) : now,
      ...(reason === undefined ? {} : { reason }),
    };
  };
  const unready = ready
    ? undefined
    : ({ succeeded: 'PodCompleted', failed: 'PodFailed' }[outcome.state as string] ?? 'ContainersNotReady');
  const initContainers = objectsAt(pod.spec, 'initContainers');
  return {
    ...pod.status,
    observedGeneration: pod.metadata.generation ?? 1,
    phase: PHASES[outcome.state],
    conditions: [
      condition('PodReadyToStartContainers', !ended),
      condition('Initialized', true, outcome.state === 'succeeded' ? 'PodCompleted' : undefined),
      condition('Ready', ready, unready),
      condition('ContainersReady', ready, unready),
      condition('PodScheduled', true),
    ],
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime,
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map((entry) => initStatus(entry, outcome, startTime, now)) }),
    containerStatuses: objectsAt(pod.spec, 'containers').map((entry, index) =>
      containerStatus(entry, outcome, startTime, endOf(pod, index) ?? now),
    ),
  };
}

/** The recorded end time of an ended container; `undefined` without one. */
function endOf(pod: KubeObject, index: number): string | undefined {
  const state = objectsAt(pod.status, 'containerStatuses')[index]?.['state'] as JsonObject | undefined;
  const finished = (state?.['terminated'] as JsonObject | undefined)?.['finishedAt'];
  return typeof finished === 'string' ? finished : undefined;
}

function containerStatus(
  container: JsonObject,
  outcome: PodOutcome,
  startedAt: string,
  finishedAt: string,
): JsonObject {
  return {
    name: container['name'],
    image: container['image'] ?? '',
    imageID: `simulated://${String(container['image'] ?? '')}`,
    ready: outcome.state === 'running' && outcome.ready,
    restartCount: outcome.state === 'crashing' ? outcome.restarts : 0,
    started: outcome.state === 'running',
    ...stateOf(outcome, startedAt, finishedAt),
  };
}

function stateOf(outcome: PodOutcome, startedAt: string, finishedAt: string): JsonObject {
  const terminated = (exitCode: number, reason: string): JsonObject => ({
    terminated: { exitCode, reason, startedAt, finishedAt },
  });
  switch (outcome.state) {
    case 'waiting':
      return {
        state: { waiting: { reason: outcome.reason, message: `simulated: ${outcome.reason}` } },
        lastState: {},
      };
    case 'running':
      return { state: { running: { startedAt } }, lastState: {} };
    case 'crashing': {
      const message = `back-off ${outcome.pauseSeconds}s restarting failed container (simulated: ${outcome.reason})`;
      return {
        state: { waiting: { reason: 'CrashLoopBackOff', message } },
        lastState: terminated(exitCodeOf(outcome.reason), outcome.reason),
      };
    }
    case 'succeeded':
      return { state: terminated(0, 'Completed'), lastState: {} };
    case 'failed':
      return { state: terminated(outcome.exitCode ?? exitCodeOf(outcome.reason), outcome.reason), lastState: {} };
  }
}

/** 137 (128 + SIGKILL) for a container that the kernel or the kubelet ended; else 1. */
const exitCodeOf = (reason: string): number => (reason === 'OOMKilled' || reason === 'Killed' ? 137 : 1);

/** The status of an init container. An init container ends before the containers start, unless it is a sidecar. */
function initStatus(container: JsonObject, outcome: PodOutcome, startedAt: string, now: string): JsonObject {
  const sidecar = container['restartPolicy'] === 'Always';
  const own: PodOutcome =
    sidecar && outcome.state === 'running' ? outcome : outcome.state === 'waiting' ? outcome : { state: 'succeeded' };
  return {
    ...containerStatus(container, own, startedAt, sidecar ? now : startedAt),
    ready: outcome.state !== 'waiting',
  };
}

/** An address of the pod network that is derived from the uid, so that a pod keeps its address. */
function addressOf({ metadata }: KubeObject): string {
  const bits = Number.parseInt((metadata.uid ?? '').replaceAll('-', '').slice(0, 6), 16) || 0;
  return `10.244.${(bits >> 8) & 0xff}.${(bits & 0xfe) + 1}`;
}
