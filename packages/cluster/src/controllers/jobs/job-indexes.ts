import { type KubeObject, backoffMs, oncePerObject, RETRY_POLICIES } from '@typekro/kit/core';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { failureVerdict } from './failure-verdict.ts';
import { INDEX, isFailedPod, TRACKING } from './job-pods.ts';

/**
 * The annotations of a pod with the number of earlier failures of its index: `FAILURES` for counted failures, and
 * `IGNORED_FAILURES` for those that the failure policy ignores. Only pods of Jobs with `backoffLimitPerIndex` have
 * them.
 */
export const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
export const IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** Returns the index of a pod, or NaN for a pod of a Job without indexes. */
export function indexOf(pod: KubeObject): number {
  const text = pod.metadata.annotations?.[INDEX];
  return text === undefined ? Number.NaN : Number(text);
}

/**
 * Returns the time when a stored pod ended, in milliseconds since the epoch: the latest end of a container of the pod,
 * or else the request to delete the pod, or else the creation of the pod.
 */
export const endOf = oncePerObject(({ metadata, status }: KubeObject): number => {
  const ends = objectsAt(status, 'containerStatuses')
    .map((entry) => Date.parse(textAt(entry, 'state', 'terminated', 'finishedAt')))
    .filter((time) => !Number.isNaN(time));
  if (ends.length > 0) return Math.max(...ends);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = metadata;
  if (deletionTimestamp === undefined) return Date.parse(creationTimestamp ?? '') || 0;
  return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
});

/**
 * Returns the pause after a failure, in milliseconds, during which no pod is created. `failures` is the number of
 * failures so far.
 */
export const pauseAfter = (failures: number): number => backoffMs(RETRY_POLICIES.failedPod, failures, 0);

/** Returns the number of retries per index of a Job, or `undefined` when only the Job as a whole has a limit. */
export const limitPerIndex = (job: KubeObject): number | undefined => numberAt(job.spec, 'backoffLimitPerIndex');

/** The indexes of a Job that have failed pods: the failed indexes, and the indexes to retry. */
export interface IndexFailures {
  /** The indexes that are not retried. */
  readonly failed: ReadonlySet<number>;
  /**
   * The latest failed pod of each index to retry. The next pod of the index gets the failure counts in the annotations
   * of this failed pod. The Job therefore does not count or release the failed pod until the next pod exists.
   */
  readonly awaiting: ReadonlyMap<number, KubeObject>;
}

const failuresOf = (pod: KubeObject, annotation: string): number => Number(pod.metadata.annotations?.[annotation] ?? 0);

/** Returns the number of failures of the index before this pod, including ignored failures. */
const allFailuresOf = (pod: KubeObject): number => failuresOf(pod, FAILURES) + failuresOf(pod, IGNORED_FAILURES);

/**
 * Finds the failed indexes of a Job, and the latest failed pod of each index to retry. `before` contains the indexes
 * that failed earlier. `settled` contains the indexes that have succeeded or have an active pod.
 */
export function indexFailuresOf(
  job: KubeObject,
  pods: readonly KubeObject[],
  before: ReadonlySet<number>,
  settled: ReadonlySet<number>,
): IndexFailures {
  const limit = limitPerIndex(job) ?? Number.POSITIVE_INFINITY;
  const failedPods = pods.filter(
    (pod) => isFailedPod(job, pod) && pod.metadata.finalizers?.includes(TRACKING) === true,
  );
  const givenUp = failedPods.filter((pod) => {
    const { action } = failureVerdict(job, pod);
    return action === 'FailIndex' || (action !== 'Ignore' && failuresOf(pod, FAILURES) >= limit);
  });
  const failed = new Set([...before, ...givenUp.map(indexOf)]);
  const awaiting = new Map<number, KubeObject>();
  for (const pod of failedPods) {
    const index = indexOf(pod);
    if (Number.isNaN(index) || settled.has(index) || failed.has(index)) continue;
    const known = awaiting.get(index);
    const isLater = known === undefined || (allFailuresOf(known) <= allFailuresOf(pod) && endOf(known) <= endOf(pod));
    if (isLater) awaiting.set(index, pod);
  }
  return { failed, awaiting };
}

/** Returns the time at which the index of this failed pod can be retried, in milliseconds since the epoch. */
export const retryAt = (pod: KubeObject): number => endOf(pod) + pauseAfter(allFailuresOf(pod) + 1);

/**
 * Returns the annotations of a new pod of a Job with the earlier failures of its index. `replaced` is the failed pod
 * that the new pod replaces.
 */
export function failureAnnotations(job: KubeObject, replaced: KubeObject | undefined): Record<string, string> {
  if (limitPerIndex(job) === undefined) return {};
  if (replaced === undefined) return { [FAILURES]: '0' };
  const isIgnored = failureVerdict(job, replaced).action === 'Ignore';
  const counted = failuresOf(replaced, FAILURES) + (isIgnored ? 0 : 1);
  const ignored = failuresOf(replaced, IGNORED_FAILURES) + (isIgnored ? 1 : 0);
  return { [FAILURES]: String(counted), ...(ignored === 0 ? {} : { [IGNORED_FAILURES]: String(ignored) }) };
}
