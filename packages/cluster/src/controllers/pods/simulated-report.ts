import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { formatTime, objectsAt } from '@typekro/kit/kubernetes';
import { type PodOutcome, type PodPlan, exitCodeOf } from './pod-outcome.ts';
import { type ContainerReport, type PodReport, restartsIn, terminated } from './pod-status.ts';

const PHASES = {
  waiting: 'Pending',
  running: 'Running',
  crashing: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
} as const;

/**
 * Returns the report about a pod whose containers are simulated. All containers have the same state. `startTime` is the
 * start time of the pod. The times in the plan are relative to `baseMs` (milliseconds since the epoch).
 */
export function simulatedReport(pod: KubeObject, plan: PodPlan, startTime: string, baseMs: number): PodReport {
  const { outcome } = plan;
  const restarts = restartsIn(pod);
  const startedAt = formatTime(baseMs + plan.startedMs);
  const finishedAt = formatTime(baseMs + (plan.endedMs ?? plan.startedMs));
  return {
    phase: PHASES[outcome.state],
    startTime,
    containers: objectsAt(pod.spec, 'containers').map((_, index) => {
      const own = containerReport(outcome, startedAt, finishedAt);
      // A pod rule that is set while the pod runs counts restarts from 0, but the number in a status must not decrease.
      return { ...own, restartCount: Math.max(own.restartCount, restarts[index] ?? 0) };
    }),
    initContainers: objectsAt(pod.spec, 'initContainers').map((entry) =>
      initReport(entry, outcome, startedAt, finishedAt),
    ),
    initialized: true,
    imagePrefix: 'simulated://',
  };
}

function containerReport(outcome: PodOutcome, startedAt: string, finishedAt: string): ContainerReport {
  return {
    ready: outcome.state === 'running' && outcome.ready,
    started: outcome.state === 'running',
    restartCount: 'restarts' in outcome ? (outcome.restarts ?? 0) : 0,
    ...stateOf(outcome, startedAt, finishedAt),
  };
}

function stateOf(
  outcome: PodOutcome,
  startedAt: string,
  finishedAt: string,
): { readonly state: JsonObject; readonly lastState: JsonObject } {
  switch (outcome.state) {
    case 'waiting':
      return { state: { waiting: { reason: outcome.reason, message: `simulated: ${outcome.reason}` } }, lastState: {} };
    case 'running': {
      const { earlier } = outcome;
      // The plan does not contain the time of the earlier start, which no client needs.
      const lastState =
        earlier === undefined ? {} : terminated(earlier.exitCode, earlier.reason, finishedAt, finishedAt);
      return { state: { running: { startedAt } }, lastState };
    }
    case 'crashing': {
      const { reason, pauseSeconds, exitCode = exitCodeOf(reason) } = outcome;
      const message = `back-off ${pauseSeconds}s restarting failed container (simulated: ${reason})`;
      return {
        state: { waiting: { reason: 'CrashLoopBackOff', message } },
        lastState: terminated(exitCode, reason, startedAt, finishedAt),
      };
    }
    case 'succeeded':
      return { state: terminated(0, 'Completed', startedAt, finishedAt), lastState: {} };
    case 'failed': {
      const { reason, exitCode = exitCodeOf(reason), message } = outcome;
      return { state: terminated(exitCode, reason, startedAt, finishedAt, message), lastState: {} };
    }
  }
}

/**
 * Returns the report about an init container. An init container has ended before the containers start, unless it is a
 * sidecar.
 */
function initReport(
  container: JsonObject,
  outcome: PodOutcome,
  startedAt: string,
  finishedAt: string,
): ContainerReport {
  const sidecar = container['restartPolicy'] === 'Always';
  const own: PodOutcome =
    sidecar && outcome.state === 'running' ? outcome : outcome.state === 'waiting' ? outcome : { state: 'succeeded' };
  return { ...containerReport(own, startedAt, sidecar ? finishedAt : startedAt), ready: outcome.state !== 'waiting' };
}
