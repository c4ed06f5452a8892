/** The end of a pod that is deleted, or whose time is over. */
import type { KubeObject } from '../../core/index.ts';
import { numberAt, textAt } from '../../kubernetes/index.ts';
import type { PodOutcome } from './pod-outcome.ts';

/** The exit code of a program that the signal SIGTERM ends: 128 and the number of the signal. */
const TERMINATED_CODE = 143;
/** The exit code of a program that the signal SIGKILL ends. */
const KILLED_CODE = 137;

/** The reason and the message of a pod whose `activeDeadlineSeconds` are over. The words are those of a kubelet. */
export const DEADLINE = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const;

/** The time that a pod may still be active, in milliseconds; infinite for a pod without a deadline. */
export function untilDeadline(pod: KubeObject, startMs: number, nowMs: number): number {
  const seconds = numberAt(pod.spec, 'activeDeadlineSeconds');
  return seconds === undefined ? Number.POSITIVE_INFINITY : startMs + seconds * 1000 - nowMs;
}

/** The rest of the life of a deleted pod. */
export interface RemainingLife {
  /** The milliseconds until the containers have ended; 0 when none runs any more. */
  readonly leftMs: number;
  /** Does the grace period end before the containers end by themselves? */
  readonly isKilled: boolean;
}

/**
 * Decides when the containers of a deleted pod end. They get the signal at `sinceMs` and take `stopSeconds`, but not
 * longer than the grace period. Containers that have not started end at once.
 */
export function remainingLife(pod: KubeObject, stopSeconds: number, sinceMs: number, nowMs: number): RemainingLife {
  if (textAt(pod.status, 'phase') !== 'Running') return { leftMs: 0, isKilled: false };
  // A time in an object has whole seconds. `sinceMs` has the fraction of a second.
  const killMs = Date.parse(pod.metadata.deletionTimestamp ?? '') + (sinceMs % 1000);
  const stopMs = sinceMs + stopSeconds * 1000;
  return { leftMs: Math.max(0, Math.min(stopMs, killMs) - nowMs), isKilled: killMs < stopMs };
}

/**
 * The outcome of containers that the kubelet ends. Containers that have not started get the state that a kubelet
 * reports about them at the end of their pod.
 */
export function endedOutcome(pod: KubeObject, isKilled: boolean): PodOutcome {
  if (textAt(pod.status, 'phase') === 'Running') {
    return { state: 'failed', reason: 'Error', exitCode: isKilled ? KILLED_CODE : TERMINATED_CODE };
  }
  return {
    state: 'failed',
    reason: 'ContainerStatusUnknown',
    exitCode: KILLED_CODE,
    message: 'The container could not be located when the pod was terminated',
  };
}
