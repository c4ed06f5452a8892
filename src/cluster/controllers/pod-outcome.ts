import type { KubeObject } from '../../core/index.ts';
import { endOfCommands } from './pod-command.ts';
import { simulated, simulatedMs } from './simulate.ts';
import { controllerOf } from './relation-index.ts';

/** The state of the containers of a started pod. */
export type PodOutcome =
  /** The containers wait with a reason and have not run yet. */
  | { readonly state: 'waiting'; readonly reason: string }
  | { readonly state: 'running'; readonly ready: boolean }
  /** The containers crash, and are restarted after increasing pauses. */
  | { readonly state: 'crashing'; readonly reason: string; readonly restarts: number; readonly pauseSeconds: number }
  | { readonly state: 'succeeded' }
  | {
      readonly state: 'failed';
      readonly reason: string;
      /** The exit code of the containers. Default: the code that belongs to the reason. */
      readonly exitCode?: number;
    };

/** An outcome, and the milliseconds until the passing of time alone changes it. */
export interface PodPlan {
  readonly outcome: PodOutcome;
  readonly next: number | undefined;
}

/** The reasons for which a container waits before its first start. Every other reason is a crash. */
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

/**
 * The outcome of a pod, by its annotations and the milliseconds since its start. The pod becomes ready at once or
 * later. A pod of a Job, a pod with a time to run, and a pod whose policy is not `Always` and whose command has an end
 * then end. Any other pod runs without end. Annotations may let the pod wait, crash or fail.
 */
export function planPod(pod: KubeObject, elapsed: number): PodPlan {
  const failure = simulated(pod, 'failure');
  if (failure !== undefined && BEFORE_START.has(failure)) return lasting({ state: 'waiting', reason: failure });
  if (failure === UNHEALTHY) return lasting({ state: 'running', ready: false });
  const policy = pod.spec?.['restartPolicy'];
  const runs = simulatedMs(pod, 'run') ?? (controllerOf(pod)?.kind === 'Job' ? 0 : undefined);
  const readyAfter = simulatedMs(pod, 'readyAfter') ?? 0;
  if (failure !== undefined) {
    const reason = failure === 'CrashLoopBackOff' ? 'Error' : failure;
    const crash = runs ?? 0;
    if (elapsed < crash) return { outcome: { state: 'running', ready: elapsed >= readyAfter }, next: crash - elapsed };
    return policy === 'Never' ? lasting({ state: 'failed', reason }) : crashLoop(reason, elapsed - crash);
  }
  if (elapsed < readyAfter) return { outcome: { state: 'running', ready: false }, next: readyAfter - elapsed };
  const end =
    policy === 'Always' ? undefined : runs === undefined ? endOfCommands(pod) : { afterMs: runs, exitCode: 0 };
  if (end === undefined) return lasting({ state: 'running', ready: true });
  const remaining = readyAfter + end.afterMs - elapsed;
  if (remaining > 0) return { outcome: { state: 'running', ready: true }, next: remaining };
  if (end.exitCode === 0) return lasting({ state: 'succeeded' });
  if (policy === 'Never') return lasting({ state: 'failed', reason: 'Error', exitCode: end.exitCode });
  return crashLoop('Error', -remaining);
}

const lasting = (outcome: PodOutcome): PodPlan => ({ outcome, next: undefined });

/**
 * The outcome of a crash loop. The pauses between restarts are those of the kubelet: 10 s, doubled each time up to 5
 * min.
 */
function crashLoop(reason: string, elapsed: number): PodPlan {
  let [restarts, pauseSeconds, total] = [0, 10, 10_000];
  while (total <= elapsed) {
    restarts += 1;
    pauseSeconds = Math.min(300, pauseSeconds * 2);
    // When the pause has its maximum, a division gives the number of further restarts. A loop over them would be slow
    // for a pod that has crashed for a long time.
    const skip = pauseSeconds === 300 ? Math.floor(Math.max(0, elapsed - total) / 300_000) : 0;
    restarts += skip;
    total += (skip + 1) * pauseSeconds * 1000;
  }
  return { outcome: { state: 'crashing', reason, restarts, pauseSeconds }, next: total - elapsed };
}
