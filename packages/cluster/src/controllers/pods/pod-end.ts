/** The end of a pod that is deleted, or whose deadline has passed. */
import type { KubeObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import type { PodOutcome } from './pod-outcome.ts';

/** The exit code of a program that SIGTERM ends: 128 + 15. */
const TERMINATED_CODE = 143;
/** The exit code of a program that SIGKILL ends: 128 + 9. */
const KILLED_CODE = 137;

/** The reason and the message of a pod whose `activeDeadlineSeconds` have passed, in the words of a kubelet. */
export const DEADLINE = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const;

/** Returns the time until a pod's deadline in milliseconds, or infinity for a pod without a deadline. */
export function untilDeadline(pod: KubeObject, startMs: number, nowMs: number): number {
  const seconds = numberAt(pod.spec, 'activeDeadlineSeconds');
  return seconds === undefined ? Number.POSITIVE_INFINITY : startMs + seconds * 1000 - nowMs;
}

/** The remaining life of a deleted pod. */
export interface RemainingLife {
  /** The milliseconds until all containers have ended, or 0 when none is running. */
  readonly leftMs: number;
  /** True when the grace period ends before the containers end by themselves. */
  readonly isKilled: boolean;
}

/**
 * Decides when the containers of a deleted pod end. They receive the signal at `sinceMs`, and end `stopSeconds` later,
 * or at the end of the grace period if that is earlier. Containers that have not started end immediately.
 */
export function remainingLife(pod: KubeObject, stopSeconds: number, sinceMs: number, nowMs: number): RemainingLife {
  if (textAt(pod.status, 'phase') !== 'Running') return { leftMs: 0, isKilled: false };
  // Times in objects have whole seconds, so the fraction of a second is taken from `sinceMs`.
  const killMs = Date.parse(pod.metadata.deletionTimestamp ?? '') + (sinceMs % 1000);
  const stopMs = sinceMs + stopSeconds * 1000;
  return { leftMs: Math.max(0, Math.min(stopMs, killMs) - nowMs), isKilled: killMs < stopMs };
}

/**
 * Returns the outcome of containers that the kubelet terminates. Containers that have not started get the state that a
 * kubelet reports for them at the end of their pod.
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
