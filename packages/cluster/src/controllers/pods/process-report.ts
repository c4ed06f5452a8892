import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { formatTime, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ContainerEnd, type ContainerFacts, type LifeDecision, isSidecar } from '../../processes/life.ts';
import type { PodRun } from '../../processes/pod-run.ts';
import { DEADLINE } from './pod-end.ts';
import { podText } from './pod-state.ts';
import { type ContainerReport, type PodReport, terminated } from './pod-status.ts';

/** The type of the condition on a pod that requests local processes and does not get them. */
export const RUNS_AS_PROCESS = 'typekro.dev/RunsAsProcess';

/** The prefix of the `imageID` of a container that runs as a local process. */
const IMAGE_PREFIX = 'process://';

/** Returns the report about a pod whose containers run as local processes. */
export function processReport(pod: KubeObject, run: PodRun, decision: LifeDecision, startTime: string): PodReport {
  const reports = (list: string) =>
    objectsAt(pod.spec, list).map((container) => {
      const name = textAt(container, 'name');
      const lastEnd = run.containers.get(name)?.lastEnd;
      return reportOf(pod, container, run.factsOf(name), lastEnd, decision);
    });
  return {
    phase: decision.phase,
    startTime,
    containers: reports('containers'),
    initContainers: reports('initContainers'),
    initialized: decision.initialized,
    address: run.address,
    imagePrefix: IMAGE_PREFIX,
    ephemeralContainers: objectsAt(pod.spec, 'ephemeralContainers').map(() => NO_EPHEMERAL),
    ...(decision.reason === undefined ? {} : { reason: decision.reason }),
    ...(decision.reason === DEADLINE.reason ? { message: DEADLINE.message } : {}),
  };
}

/** The state of an ephemeral container in a pod whose containers run as local processes. */
const NO_EPHEMERAL: JsonObject = {
  waiting: {
    reason: 'CreateContainerError',
    message: 'local processes have no ephemeral containers; use kubectl exec',
  },
};

function reportOf(
  pod: KubeObject,
  container: JsonObject,
  { state, restarts }: ContainerFacts,
  lastEnd: ContainerEnd | undefined,
  decision: LifeDecision,
): ContainerReport {
  const name = textAt(container, 'name');
  const last = lastEnd === undefined ? {} : endState(lastEnd);
  const base = { restartCount: restarts, ready: false, started: false };
  switch (state.is) {
    case 'new': {
      const reason = decision.initialized ? 'ContainerCreating' : 'PodInitializing';
      return { ...base, state: { waiting: { reason } }, lastState: last };
    }
    case 'blocked':
      return { ...base, state: { waiting: { reason: state.reason, message: state.message } }, lastState: last };
    case 'running':
      return {
        ...base,
        ready: state.ready,
        started: state.started,
        state: { running: { startedAt: formatTime(state.startedMs) } },
        lastState: last,
      };
    case 'ended': {
      const pause = decision.pauses.get(name);
      if (pause === undefined) {
        const isDone = !isSidecar(container) && state.end.exitCode === 0;
        return { ...base, ready: isDone && isInit(pod, name), state: last, lastState: {} };
      }
      const message = `back-off ${pause / 1000}s restarting failed container=${name} pod=${podText(pod)}`;
      return { ...base, state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: last };
    }
  }
}

const isInit = ({ spec }: KubeObject, name: string): boolean =>
  objectsAt(spec, 'initContainers').some((container) => container['name'] === name);

const endState = ({ exitCode, reason, startedMs, endedMs, message }: ContainerEnd): JsonObject =>
  terminated(exitCode, reason, formatTime(startedMs), formatTime(endedMs), message);

/** Returns the report about a pod whose processes cannot run. */
export function refusalReport(pod: KubeObject, startTime: string, reason: string, message: string): PodReport {
  const waiting: ContainerReport = {
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason, message } },
    lastState: {},
  };
  const reports = (list: string) => objectsAt(pod.spec, list).map(() => waiting);
  return {
    phase: 'Pending',
    startTime,
    containers: reports('containers'),
    initContainers: reports('initContainers'),
    initialized: objectsAt(pod.spec, 'initContainers').length === 0,
    imagePrefix: IMAGE_PREFIX,
    unmet: { type: RUNS_AS_PROCESS, reason, message },
  };
}
