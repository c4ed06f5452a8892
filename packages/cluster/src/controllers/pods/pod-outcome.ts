import { type KubeObject, RETRY_POLICIES, STABLE_RUN_MS } from '@typekro/kit/core';
import { listAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { PodRules } from '../../pods/pod-rules.ts';
import { endOfCommands } from './pod-command.ts';
import { controllerOf } from '../relation-index.ts';

/** The previous end of containers that have been restarted. */
export interface EarlierEnd {
  readonly reason: string;
  readonly exitCode: number;
}

/** The state of the containers of a started pod. */
export type PodOutcome =
  /** The containers wait for this reason and have not run yet. */
  | { readonly state: 'waiting'; readonly reason: string }
  | {
      readonly state: 'running';
      readonly ready: boolean;
      /** The number of restarts. Default: 0. */
      readonly restarts?: number;
      /** The end before the last restart. */
      readonly earlier?: EarlierEnd;
    }
  /** The containers have ended, and are restarted after increasing pauses. */
  | {
      readonly state: 'crashing';
      readonly reason: string;
      readonly restarts: number;
      readonly pauseSeconds: number;
      /** Default: the code that belongs to the reason. */
      readonly exitCode?: number;
    }
  | { readonly state: 'succeeded' }
  | {
      readonly state: 'failed';
      readonly reason: string;
      /** The exit code of the containers. Default: the code that belongs to the reason. */
      readonly exitCode?: number;
      /** The explanation in the states of the containers. Default: none. */
      readonly message?: string;
    };

/** An outcome, and its times. All times except `next` are in milliseconds after the start of the pod. */
export interface PodPlan {
  readonly outcome: PodOutcome;
  /** The milliseconds until the outcome changes without an event, or `undefined` when it does not change. */
  readonly next: number | undefined;
  /** The start of the present or last run of the containers. */
  readonly startedMs: number;
  /** The last end of the containers. */
  readonly endedMs?: number;
}

/** The reasons why a container waits before its first start. Every other reason except `Unhealthy` means a crash. */
const BEFORE_START = new Set([
  'ContainerCreating',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RegistryUnavailable',
]);

/** The reason for a readiness probe that never succeeds, as in the kubelet's events. */
export const UNHEALTHY = 'Unhealthy';

const FIRST_PAUSE_SECONDS = RETRY_POLICIES.endedContainer.initialMs / 1000;
const MAX_PAUSE_SECONDS = RETRY_POLICIES.endedContainer.maxMs / 1000;

/**
 * Computes the outcome of a pod from its rules and the milliseconds since its start. By default, the containers start
 * and become ready immediately. Rules can delay them, and make them wait, crash or fail. Containers end if the rules
 * set an exit code or a number of crashes. With a restart policy other than `Always`, containers also end in three
 * cases: after the run time that the rules set, when their commands end, and in a pod of a Job. All other containers
 * run forever. `sinceMs` is the time from the start of the pod until the rules were set. The first run is longer by
 * this time.
 */
export function planPod(pod: KubeObject, rules: PodRules, elapsedMs: number, sinceMs = 0): PodPlan {
  const { failure } = rules;
  if (failure !== undefined && BEFORE_START.has(failure)) {
    return { outcome: { state: 'waiting', reason: failure }, next: undefined, startedMs: 0 };
  }
  // Containers that have already started do not wait again.
  const startMs = sinceMs > 0 ? 0 : (rules.startAfterSeconds ?? 0) * 1000;
  if (elapsedMs < startMs) {
    return { outcome: { state: 'waiting', reason: 'ContainerCreating' }, next: startMs - elapsedMs, startedMs: 0 };
  }
  const readyMs =
    rules.ready === false || failure === UNHEALTHY ? Number.POSITIVE_INFINITY : (rules.readyAfterSeconds ?? 0) * 1000;
  const end = endOf(pod, rules, readyMs);
  const life: Life = { readyMs, end, sinceMs, policy: pod.spec?.['restartPolicy'] };
  const { startedMs, endedMs, ...plan } = planRuns(life, elapsedMs - startMs);
  return { ...plan, startedMs: startMs + startedMs, ...(endedMs === undefined ? {} : { endedMs: startMs + endedMs }) };
}

/** The end of each run of the containers. */
interface RunEnd {
  /** The length of a run. */
  readonly runMs: number;
  readonly reason: string;
  readonly exitCode: number | undefined;
  /** The number of runs that end, or `undefined` when all runs end. */
  readonly crashes: number | undefined;
}

interface Life {
  readonly readyMs: number;
  readonly end: RunEnd | undefined;
  readonly sinceMs: number;
  readonly policy: unknown;
}

function endOf(pod: KubeObject, rules: PodRules, readyMs: number): RunEnd | undefined {
  const { failure, crashes } = rules;
  const runMs = rules.runSeconds === undefined ? undefined : rules.runSeconds * 1000;
  if (failure !== undefined && failure !== UNHEALTHY) {
    const reason = failure === 'CrashLoopBackOff' ? 'Error' : failure;
    return { runMs: runMs ?? 0, reason, exitCode: rules.exitCode, crashes };
  }
  if (rules.exitCode !== undefined || crashes !== undefined) {
    const exitCode = rules.exitCode ?? 1;
    return { runMs: runMs ?? 0, reason: exitCode === 0 ? 'Completed' : 'Error', exitCode, crashes };
  }
  if (pod.spec?.['restartPolicy'] === 'Always') return undefined;
  if (runMs !== undefined) return success(runMs);
  const commands = endOfCommands(pod);
  if (commands === undefined) {
    // A pod of a Job usually ends by itself, so the simulation ends it as soon as it is ready. A pod with the image
    // `pause` keeps waiting.
    if (controllerOf(pod)?.kind !== 'Job' || hasPauseImage(pod)) return undefined;
    return success(Number.isFinite(readyMs) ? readyMs : 0);
  }
  const { afterMs, exitCode } = commands;
  return exitCode === 0 ? success(afterMs) : { runMs: afterMs, reason: 'Error', exitCode, crashes: undefined };
}

/** Does a container run Kubernetes' image `pause`, whose program waits for a signal? */
const hasPauseImage = (pod: KubeObject): boolean =>
  objectsAt(pod.spec, 'containers').some(
    (container) =>
      listAt(container, 'command').length === 0 && /(?:^|\/)pause(?:[:@]|$)/.test(textAt(container, 'image')),
  );

const success = (runMs: number): RunEnd => ({ runMs, reason: 'Completed', exitCode: 0, crashes: undefined });

/**
 * Computes the run, or the pause between two runs, at a time after the first start. The pauses are those of the
 * kubelet.
 */
function planRuns({ readyMs, end, sinceMs, policy }: Life, elapsedMs: number): PodPlan {
  const running = (startedMs: number, endMs: number, restarts: number, earlier: EarlierEnd | undefined): PodPlan => {
    const isReady = elapsedMs >= startedMs + readyMs;
    const change = Math.min(isReady ? Number.POSITIVE_INFINITY : startedMs + readyMs, endMs);
    return {
      outcome: { state: 'running', ready: isReady, ...(earlier === undefined ? {} : { restarts, earlier }) },
      next: Number.isFinite(change) ? change - elapsedMs : undefined,
      startedMs,
    };
  };
  if (end === undefined) return running(0, Number.POSITIVE_INFINITY, 0, undefined);
  const { runMs, reason, exitCode, crashes = Number.POSITIVE_INFINITY } = end;
  const code = exitCode === undefined ? {} : { exitCode };
  let [restarts, pauseSeconds, startedMs] = [0, FIRST_PAUSE_SECONDS, 0];
  let lastEndMs: number | undefined;
  for (;;) {
    const earlier = restarts === 0 ? undefined : { reason, exitCode: exitCode ?? exitCodeOf(reason) };
    const endedMs = startedMs + runMs + (restarts === 0 ? sinceMs : 0);
    const ended = lastEndMs === undefined ? {} : { endedMs: lastEndMs };
    if (restarts >= crashes) return { ...running(startedMs, Number.POSITIVE_INFINITY, restarts, earlier), ...ended };
    if (elapsedMs < endedMs) return { ...running(startedMs, endedMs, restarts, earlier), ...ended };
    if (exitCode === 0 && policy !== 'Always') {
      return { outcome: { state: 'succeeded' }, next: undefined, startedMs, endedMs };
    }
    if (policy === 'Never')
      return { outcome: { state: 'failed', reason, ...code }, next: undefined, startedMs, endedMs };
    const againMs = endedMs + pauseSeconds * 1000;
    if (elapsedMs < againMs) {
      return {
        outcome: { state: 'crashing', reason, restarts, pauseSeconds, ...code },
        next: againMs - elapsedMs,
        startedMs,
        endedMs,
      };
    }
    const nextPause = runMs >= STABLE_RUN_MS ? FIRST_PAUSE_SECONDS : Math.min(MAX_PAUSE_SECONDS, pauseSeconds * 2);
    // When the pause no longer grows, the number of remaining restarts is computed by a division. A loop would be slow
    // for a pod that has crashed for a long time.
    const cycleMs = runMs + nextPause * 1000;
    const isSteady = nextPause === MAX_PAUSE_SECONDS || nextPause === pauseSeconds;
    const skipped = isSteady ? Math.min(Math.floor((elapsedMs - againMs) / cycleMs), crashes - restarts - 1) : 0;
    restarts += 1 + skipped;
    startedMs = againMs + skipped * cycleMs;
    lastEndMs = startedMs - (skipped > 0 ? nextPause : pauseSeconds) * 1000;
    pauseSeconds = nextPause;
  }
}

/** The default exit code: 137 (128 + SIGKILL) for the reasons `OOMKilled` and `Killed`, 1 for any other reason. */
export const exitCodeOf = (reason: string): number => (reason === 'OOMKilled' || reason === 'Killed' ? 137 : 1);
