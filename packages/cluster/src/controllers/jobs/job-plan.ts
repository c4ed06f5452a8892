import { conditionOf, numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { endOf, indexFailuresOf, indexOf, limitPerIndex, pauseAfter, retryAt } from './job-indexes.ts';
import { isFailedPod, replacesOnlyFailed, isIndexed, TRACKING } from './job-pods.ts';
import type { IndexFailures } from './job-indexes.ts';
import { failureVerdict, successOf, indexesIn, textOfIndexes } from './failure-verdict.ts';
import { firstBatch, MAX_CHANGED_OBJECTS } from '../simulated-controller.ts';
import { isFinished, specNumber } from '../pods/pod-state.ts';
import { type JsonObject, type KubeObject, earliest } from '@typekro/kit/core';

/**
 * The pods of a Job, counted by outcome. The counts include pods that were counted earlier and have been deleted since.
 */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  /**
   * The sum of `failed` and the failed pods whose index waits for a retry. The Job counts such a pod when the next pod
   * of its index exists.
   */
  readonly failedWithAwaiting: number;
  /** The message of the failure policy when a failed pod ends the Job, or `undefined`. */
  readonly refusal: string | undefined;
  /** Indexes of an indexed Job that have succeeded, such as `0-2,5`. */
  readonly completedIndexes: string | undefined;
  readonly doneIndexes: ReadonlySet<number>;
  /** Failed and retried indexes. `undefined` for a Job without `backoffLimitPerIndex`. */
  readonly perIndex: IndexFailures | undefined;
  /** The pods that are running or pending and are not being deleted. */
  readonly active: readonly KubeObject[];
  /** The pods that are being deleted and have not ended. */
  readonly terminating: readonly KubeObject[];
  /** The failed and succeeded pods that still have the finalizer. */
  readonly ended: readonly KubeObject[];
  /**
   * The pods of `ended` that the Job counts now, and whose finalizer it removes: all except the failed pods whose index
   * waits for a retry.
   */
  readonly counted: readonly KubeObject[];
  /** The number of restarts of the containers of active pods, for a Job whose pods restart their containers. */
  readonly restarts: number;
  /** The number of failures that determines the pause before the next pod: the failures since the last success. */
  readonly recentFailures: number;
  /** The times of the last success, and of the latest failure since then, in milliseconds since the epoch. */
  readonly lastSuccess: number | undefined;
  readonly lastFailure: number | undefined;
}

/** The pods to create and to remove for a Job, and its new conditions. */
export interface JobPlan {
  readonly remove: readonly KubeObject[];
  /** The index of each new pod. */
  readonly create: readonly number[];
  readonly conditions: readonly JobCondition[];
  /** The condition with which the Job ends when all its pods have terminated. */
  readonly final: JobCondition | undefined;
  /**
   * The milliseconds after which the plan changes without an event, or `undefined` when only an event can change it.
   */
  readonly replanInMs: number | undefined;
}

export interface JobCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Returns the condition with which the Job has ended, or `undefined` if it has not ended. */
export function finishedCondition(job: KubeObject): JsonObject | undefined {
  for (const type of ['Complete', 'Failed']) {
    const condition = conditionOf(job, type);
    if (condition?.['status'] === 'True') return condition;
  }
  return undefined;
}

/**
 * Counts the pods of a Job. Each pod has a finalizer until its end is counted, so that each end is counted exactly
 * once.
 */
export function tallyOf(job: KubeObject, pods: readonly KubeObject[]): Tally {
  const ended = pods.filter((pod) => isUncounted(job, pod));
  const successes = ended.filter((pod) => pod.status?.['phase'] === 'Succeeded');
  const indexed = isIndexed(job);
  const known = indexesIn(textAt(job.status, 'completedIndexes'));
  const fresh = successes.filter((pod) => !known.has(indexOf(pod)));
  const done = new Set([...known, ...successes.map(indexOf)].filter(indexTest(job)));
  const living = pods.filter((pod) => !isFinished(pod));
  const active = living.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const perIndex = indexed && limitPerIndex(job) !== undefined ? perIndexOf(job, pods, done, active) : undefined;
  const awaitingRetry = new Set(perIndex?.awaiting.values());
  const counted = ended.filter((pod) => !awaitingRetry.has(pod));
  const failed = ended.filter((pod) => isFailedPod(job, pod));
  const verdicts = failed.map((pod) => ({ isKept: awaitingRetry.has(pod), ...failureVerdict(job, pod) }));
  const failures = verdicts.filter(({ action }) => action !== 'Ignore');
  const failedBefore = numberAt(job.status, 'failed') ?? 0;
  const failedCount = failedBefore + failures.filter(({ isKept }) => !isKept).length;
  const lastSuccess = latest(pods.filter((pod) => pod.status?.['phase'] === 'Succeeded').map(endOf));
  const ends = pods
    .filter((pod) => isFailedPod(job, pod))
    .map(endOf)
    .filter((end) => lastSuccess === undefined || end > lastSuccess);
  const texts = indexed ? textOfIndexes(done) : undefined;
  return {
    succeeded: indexed ? done.size : (numberAt(job.status, 'succeeded') ?? 0) + fresh.length,
    failed: failedCount,
    failedWithAwaiting: failedBefore + failures.length,
    refusal: failures.find(({ action }) => action === 'FailJob')?.message,
    completedIndexes: texts === '' ? undefined : texts,
    doneIndexes: indexed ? done : new Set(),
    perIndex,
    active,
    terminating: living.filter(({ metadata }) => metadata.deletionTimestamp !== undefined),
    ended,
    counted,
    restarts: restartsOf(job, active),
    // Ignored failures also cause a pause, because the Job would otherwise retry them in a busy loop.
    recentFailures: lastSuccess === undefined ? Math.max(failedCount, ends.length) : ends.length,
    lastSuccess,
    lastFailure: latest(ends),
  };
}

export const isTracked = ({ metadata }: KubeObject): boolean => metadata.finalizers?.includes(TRACKING) === true;

/** Has a pod ended that the Job does not yet count? */
export const isUncounted = (job: KubeObject, pod: KubeObject): boolean =>
  (isFinished(pod) || isFailedPod(job, pod)) && isTracked(pod);

/** Returns the latest of several times, or `undefined` if there are none. */
const latest = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));

/**
 * Returns a test for the indexes that a Job needs. An indexed Job needs fewer indexes after a user reduces its
 * completions.
 */
function indexTest(job: KubeObject): (index: number) => boolean {
  const completions = isIndexed(job) ? numberAt(job.spec, 'completions') : undefined;
  return (index) => completions === undefined || index < completions;
}

/**
 * The number of restarts that count against `backoffLimit`. With the policy `Never`, only sidecars restart, and their
 * restarts do not count.
 */
function restartsOf(job: KubeObject, active: readonly KubeObject[]): number {
  if (textAt(job.spec, 'template', 'spec', 'restartPolicy') !== 'OnFailure') return 0;
  return active
    .flatMap(({ status }) => [...objectsAt(status, 'initContainerStatuses'), ...objectsAt(status, 'containerStatuses')])
    .reduce((sum, entry) => sum + (numberAt(entry, 'restartCount') ?? 0), 0);
}

/**
 * Returns the tally at the end of a Job, when all its pods are counted and lose their finalizers. When the Job fails,
 * the pods that have not ended count as failed.
 */
export function tallyAtEnd(job: KubeObject, tally: Tally, final: JobCondition): Tally {
  const ended = new Set(tally.ended);
  const removed = firstBatch(tally.active);
  const living = [...removed, ...tally.terminating].filter((pod) => isTracked(pod) && !ended.has(pod));
  const failures = final.type === 'Failed' ? living.filter((pod) => failureVerdict(job, pod).action !== 'Ignore') : [];
  return { ...tally, failed: tally.failedWithAwaiting + failures.length, counted: [...tally.ended, ...living] };
}

function perIndexOf(
  job: KubeObject,
  pods: readonly KubeObject[],
  done: ReadonlySet<number>,
  active: readonly KubeObject[],
): IndexFailures {
  const before = new Set([...indexesIn(textAt(job.status, 'failedIndexes'))].filter(indexTest(job)));
  return indexFailuresOf(job, pods, before, new Set([...done, ...active.map(indexOf)]));
}

const condition = (type: string, reason: string, message: string): JobCondition => ({
  type,
  status: 'True',
  reason,
  message,
});

/** Plans the pods and conditions of a Job that has not ended, by the rules of the Job controller. */
export function planJob(job: KubeObject, tally: Tally, now: number): JobPlan {
  const begun = begunEnd(job);
  if (begun !== undefined) return end(tally, [], begun);
  const failure = failureOf(job, tally, now) ?? indexFailureOf(job, tally);
  if (failure !== undefined) {
    return end(tally, [condition('FailureTarget', ...failure)], condition('Failed', ...failure));
  }
  const fulfilledRule = isIndexed(job) ? successOf(job, tally.doneIndexes) : undefined;
  if (fulfilledRule !== undefined) {
    const fulfilled = ['SuccessPolicy', fulfilledRule] as const;
    return end(tally, [condition('SuccessCriteriaMet', ...fulfilled)], condition('Complete', ...fulfilled));
  }
  const completions = numberAt(job.spec, 'completions');
  const enough =
    completions === undefined ? tally.succeeded > 0 && tally.active.length === 0 : tally.succeeded >= completions;
  if (enough) {
    const reached = ['CompletionsReached', 'Reached expected number of succeeded pods'] as const;
    return end(tally, [condition('SuccessCriteriaMet', ...reached)], condition('Complete', ...reached));
  }
  if (job.spec?.['suspend'] === true) {
    const known = conditionOf(job, 'Suspended')?.['status'] === 'True';
    const conditions = known ? [] : [condition('Suspended', 'JobSuspended', 'Job suspended')];
    return { remove: tally.active, create: [], conditions, final: undefined, replanInMs: undefined };
  }
  const resumed: readonly JobCondition[] =
    conditionOf(job, 'Suspended')?.['status'] === 'True'
      ? [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }]
      : [];
  return { ...scale(job, tally, now, completions), conditions: resumed, final: undefined };
}

/** Returns the final condition of a Job whose end an earlier plan has begun, or `undefined` for any other Job. */
function begunEnd(job: KubeObject): JobCondition | undefined {
  for (const [interim, type] of [
    ['SuccessCriteriaMet', 'Complete'],
    ['FailureTarget', 'Failed'],
  ] as const) {
    const begun = conditionOf(job, interim);
    if (begun?.['status'] === 'True') return condition(type, textAt(begun, 'reason'), textAt(begun, 'message'));
  }
  return undefined;
}

/**
 * Returns the plan that removes all active pods. The Job gets `conditions` now, which state why it ends, and `final`
 * when all its pods have terminated.
 */
function end(tally: Tally, conditions: readonly JobCondition[], final: JobCondition): JobPlan {
  return { remove: tally.active, create: [], conditions, final, replanInMs: undefined };
}

function startOf(job: KubeObject): number | undefined {
  const start = Date.parse(textAt(job.status, 'startTime'));
  return Number.isNaN(start) ? undefined : start;
}

function deadlineOf(job: KubeObject): number | undefined {
  const seconds = numberAt(job.spec, 'activeDeadlineSeconds');
  const start = startOf(job);
  return seconds === undefined || start === undefined ? undefined : start + seconds * 1000;
}

function failureOf(job: KubeObject, tally: Tally, now: number): readonly [string, string] | undefined {
  if (tally.refusal !== undefined) return ['PodFailurePolicy', tally.refusal];
  const limit = specNumber(job, 'backoffLimit', 6);
  const restarted = tally.restarts > 0 && tally.restarts >= Math.max(1, limit);
  if (tally.failedWithAwaiting > limit || restarted) {
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  }
  const deadline = deadlineOf(job);
  if (deadline !== undefined && now >= deadline && job.spec?.['suspend'] !== true) {
    return ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  }
  return undefined;
}

/**
 * Returns the reason why failed indexes end the Job: too many indexes have failed, or all other indexes have succeeded.
 */
function indexFailureOf(job: KubeObject, { perIndex, doneIndexes }: Tally): readonly [string, string] | undefined {
  const failed = perIndex?.failed.size ?? 0;
  if (failed === 0) return undefined;
  if (failed > (numberAt(job.spec, 'maxFailedIndexes') ?? Number.POSITIVE_INFINITY)) {
    return ['MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes'];
  }
  if (failed + doneIndexes.size >= (numberAt(job.spec, 'completions') ?? 0)) {
    return ['FailedIndexes', 'Job has failed indexes'];
  }
  return undefined;
}

/**
 * Plans the pods to create or remove, to reach the parallelism. After a failure, pods are created only after the pause
 * of `RETRY_POLICIES.failedPod`.
 */
function scale(
  job: KubeObject,
  tally: Tally,
  now: number,
  completions: number | undefined,
): Pick<JobPlan, 'remove' | 'create' | 'replanInMs'> {
  const parallelism = specNumber(job, 'parallelism', 1);
  const needed = completions === undefined ? parallelism : completions - tally.succeeded;
  // Without `completions`, no pod is created after the first success.
  const wanted = completions === undefined && tally.succeeded > 0 ? tally.active.length : Math.min(parallelism, needed);
  const deadline = deadlineOf(job);
  const replanInMs = deadline === undefined ? undefined : deadline - now;
  const hasIndex = indexTest(job);
  const kept = tally.active.filter((pod) => hasIndex(indexOf(pod)));
  const surplus = [...tally.active.filter((pod) => !hasIndex(indexOf(pod))), ...kept.slice(wanted)];
  if (surplus.length > 0) return { remove: surplus, create: [], replanInMs };
  const running = kept.length + (replacesOnlyFailed(job) ? tally.terminating.length : 0);
  const missing = wanted - running;
  if (missing <= 0) return { remove: [], create: [], replanInMs };
  const remaining = pauseEnd(tally) - now;
  if (remaining > 0) return { remove: [], create: [], replanInMs: earliest([replanInMs, remaining]) };
  if (tally.perIndex !== undefined) {
    return planUnpaused(freeIndexes(job, tally, missing, completions ?? 0), tally.perIndex, now, replanInMs);
  }
  return { remove: [], create: freeIndexes(job, tally, missing, completions ?? 0), replanInMs };
}

/**
 * The time, in milliseconds since the epoch, before which a Job creates no pod. Simulated pods can end at once, so a Job
 * of many pods waits after a success, as the Job controller does, which handles the ends of pods once a second.
 */
function pauseEnd({ succeeded, lastSuccess = 0, recentFailures, lastFailure, perIndex }: Tally): number {
  if (perIndex === undefined && recentFailures > 0 && lastFailure !== undefined)
    return lastFailure + pauseAfter(recentFailures);
  return succeeded < UNPAUSED_SUCCESSES ? 0 : lastSuccess + SYNC_PERIOD_MS;
}

/** The successes of a Job that need no pause, so that the end of a small Job needs no time; and the pause. */
const [UNPAUSED_SUCCESSES, SYNC_PERIOD_MS] = [100, 1000];

/** Plans the pods of the indexes whose pause is over. Each index has its own pause. */
function planUnpaused(
  indexes: readonly number[],
  { awaiting }: IndexFailures,
  now: number,
  replanInMs: number | undefined,
): Pick<JobPlan, 'remove' | 'create' | 'replanInMs'> {
  const remaining = (index: number) => {
    const failed = awaiting.get(index);
    return failed === undefined ? 0 : Math.max(0, retryAt(failed) - now);
  };
  const pauses = indexes.map(remaining).filter((time) => time > 0);
  return {
    remove: [],
    create: indexes.filter((index) => remaining(index) === 0),
    replanInMs: pauses.length === 0 ? replanInMs : earliest([replanInMs, Math.min(...pauses)]),
  };
}

function freeIndexes(job: KubeObject, tally: Tally, count: number, completions: number): number[] {
  // Indexes that wait for their retry do not take the place of others.
  const most = tally.perIndex === undefined ? Math.min(count, MAX_CHANGED_OBJECTS) : count;
  if (!isIndexed(job)) return Array.from({ length: most }, () => 0);
  const taken = new Set([...tally.active, ...(replacesOnlyFailed(job) ? tally.terminating : [])].map(indexOf));
  const failed = tally.perIndex?.failed ?? new Set<number>();
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < most; index += 1) {
    if (!taken.has(index) && !tally.doneIndexes.has(index) && !failed.has(index)) free.push(index);
  }
  return free;
}
