import type { JsonObject, KubeObject } from '../../core/index.ts';
import { numberAt, objectsAt, textAt } from '../kinds/parts.ts';
import { soonest } from './controller.ts';
import { failureVerdict, indexesIn, successOf } from './job-policies.ts';
import { INDEX, isIndexed, TRACKING } from './job-pods.ts';
import { conditionOf, isFinished, specNumber } from './pods.ts';

/** What the pods of a Job have come to, those included that were counted before and are gone. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  /** Why the failure policy ends the Job because of a pod that is counted now. */
  readonly refusal: string | undefined;
  /** Indexes of an indexed Job that have succeeded, as `0-2,5`. */
  readonly completedIndexes: string | undefined;
  readonly doneIndexes: ReadonlySet<number>;
  /** Pods that run or will. */
  readonly active: readonly KubeObject[];
  /** Pods that are on their way out without having ended. */
  readonly terminating: readonly KubeObject[];
  /** Ended pods whose end is counted here for the first time. */
  readonly counted: readonly KubeObject[];
  /** Restarts of the containers of active pods. */
  readonly restarts: number;
  /** Failed pods that are still there, counted or not. */
  readonly failedPods: number;
  /** When the latest pod failed, in milliseconds. */
  readonly lastFailure: number | undefined;
}

/** What is to be done about a Job now. */
export interface JobPlan {
  readonly remove: readonly KubeObject[];
  /** An index per pod to be made. */
  readonly create: readonly number[];
  readonly conditions: readonly JobCondition[];
  /** Milliseconds until time alone changes the plan. */
  readonly again: number | undefined;
}

interface JobCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** The condition that says that a Job has ended. */
export function finished(job: KubeObject): JsonObject | undefined {
  for (const type of ['Complete', 'Failed']) {
    const condition = conditionOf(job, type);
    if (condition?.['status'] === 'True') return condition;
  }
  return undefined;
}

/** Counts the pods of a Job. Each carries a finalizer until it has been counted, so none is counted twice. */
export function tallyOf(job: KubeObject, pods: readonly KubeObject[]): Tally {
  const counted = pods.filter((pod) => isFinished(pod) && pod.metadata.finalizers?.includes(TRACKING) === true);
  const successes = counted.filter((pod) => pod.status?.['phase'] === 'Succeeded');
  const failures = counted.filter((pod) => pod.status?.['phase'] === 'Failed').map((pod) => failureVerdict(job, pod));
  const done = indexesIn(textAt(job.status, 'completedIndexes'));
  const fresh = successes.filter((pod) => !done.has(indexOf(pod)));
  for (const pod of successes) done.add(indexOf(pod));
  const indexed = isIndexed(job);
  const living = pods.filter((pod) => !isFinished(pod));
  const active = living.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ends = pods.filter((pod) => pod.status?.['phase'] === 'Failed').map(endOf);
  const texts = indexed ? textOf(done) : undefined;
  return {
    succeeded: indexed ? done.size : (numberAt(job.status, 'succeeded') ?? 0) + fresh.length,
    failed: (numberAt(job.status, 'failed') ?? 0) + failures.filter(({ action }) => action !== 'Ignore').length,
    refusal: failures.find(({ action }) => action === 'FailJob')?.message,
    completedIndexes: texts === '' ? undefined : texts,
    doneIndexes: indexed ? done : new Set(),
    active,
    terminating: living.filter(({ metadata }) => metadata.deletionTimestamp !== undefined),
    counted,
    restarts: active
      .flatMap((pod) => objectsAt(pod.status, 'containerStatuses'))
      .reduce((sum, entry) => sum + (numberAt(entry, 'restartCount') ?? 0), 0),
    failedPods: ends.length,
    lastFailure: ends.length === 0 ? undefined : Math.max(...ends),
  };
}

/** The index of a pod; pods of other Jobs have one that nobody else has. */
function indexOf(pod: KubeObject): number {
  const text = pod.metadata.annotations?.[INDEX];
  return text === undefined ? Number.NaN : Number(text);
}

/** When the containers of an ended pod ended. */
function endOf(pod: KubeObject): number {
  const times = objectsAt(pod.status, 'containerStatuses').map((entry) => {
    const state = entry['state'] as { terminated?: { finishedAt?: string } } | undefined;
    return Date.parse(state?.terminated?.finishedAt ?? '');
  });
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}

function textOf(indexes: ReadonlySet<number>): string {
  const parts: { first: number; last: number }[] = [];
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    const open = parts.at(-1);
    if (open !== undefined && open.last === index - 1) open.last = index;
    else parts.push({ first: index, last: index });
  }
  // Three and more in a row are written as a range.
  const texts = parts.map(({ first, last }) => {
    if (first === last) return `${first}`;
    return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
  });
  return texts.join(',');
}

const condition = (type: string, reason: string, message: string): JobCondition => ({
  type,
  status: 'True',
  reason,
  message,
});

/** Decides what a Job that has not ended needs, by the rules of the Job controller. */
export function planJob(job: KubeObject, tally: Tally, now: number): JobPlan {
  const met = isIndexed(job) ? successOf(job, tally.doneIndexes) : undefined;
  if (met !== undefined) {
    return end(tally, [
      condition('SuccessCriteriaMet', 'SuccessPolicy', met),
      condition('Complete', 'SuccessPolicy', met),
    ]);
  }
  const failure = failureOf(job, tally, now);
  if (failure !== undefined) {
    return end(tally, [condition('FailureTarget', ...failure), condition('Failed', ...failure)]);
  }
  const completions = numberAt(job.spec, 'completions');
  const enough =
    completions === undefined ? tally.succeeded > 0 && tally.active.length === 0 : tally.succeeded >= completions;
  if (enough) {
    const reached = ['CompletionsReached', 'Reached expected number of succeeded pods'] as const;
    return end(tally, [condition('SuccessCriteriaMet', ...reached), condition('Complete', ...reached)]);
  }
  if (job.spec?.['suspend'] === true) {
    const known = conditionOf(job, 'Suspended')?.['status'] === 'True';
    const conditions = known ? [] : [condition('Suspended', 'JobSuspended', 'Job suspended')];
    return { remove: tally.active, create: [], conditions, again: undefined };
  }
  const resumed: readonly JobCondition[] =
    conditionOf(job, 'Suspended')?.['status'] === 'True'
      ? [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }]
      : [];
  return { ...scale(job, tally, now, completions), conditions: resumed };
}

/** All that still runs is ended, and the conditions say why. */
function end(tally: Tally, conditions: readonly JobCondition[]): JobPlan {
  return { remove: tally.active, create: [], conditions, again: undefined };
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
  if (tally.failed > limit || restarted) {
    return ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
  }
  const deadline = deadlineOf(job);
  if (deadline !== undefined && now >= deadline && job.spec?.['suspend'] !== true) {
    return ['DeadlineExceeded', 'Job was active longer than specified deadline'];
  }
  return undefined;
}

/** Makes pods up to the parallelism, after a failure only when the pause is over: 10 s, doubled up to 10 min. */
function scale(
  job: KubeObject,
  tally: Tally,
  now: number,
  completions: number | undefined,
): Pick<JobPlan, 'remove' | 'create' | 'again'> {
  const parallelism = specNumber(job, 'parallelism', 1);
  const needed = completions === undefined ? parallelism : completions - tally.succeeded;
  // Without a number of completions the first success ends the making of pods.
  const wanted = completions === undefined && tally.succeeded > 0 ? tally.active.length : Math.min(parallelism, needed);
  const untilDeadline = deadlineOf(job);
  const again = untilDeadline === undefined ? undefined : untilDeadline - now;
  const running = tally.active.length + tally.terminating.length;
  if (tally.active.length > wanted) return { remove: tally.active.slice(wanted), create: [], again };
  const missing = wanted - running;
  if (missing <= 0) return { remove: [], create: [], again };
  // Failures that are not counted make the Job wait, too; else it would try again without end in no time.
  const failures = Math.max(tally.failed, tally.failedPods);
  if (failures > 0 && tally.lastFailure !== undefined) {
    const pause = Math.min(600_000, 10_000 * 2 ** Math.min(20, failures - 1));
    const remaining = tally.lastFailure + pause - now;
    if (remaining > 0) return { remove: [], create: [], again: soonest(again, remaining) };
  }
  return { remove: [], create: freeIndexes(job, tally, missing, completions ?? 0), again };
}

function freeIndexes(job: KubeObject, tally: Tally, count: number, completions: number): number[] {
  if (!isIndexed(job)) return Array.from({ length: count }, () => 0);
  const taken = new Set([...tally.active, ...tally.terminating].map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < count; index += 1) {
    if (!taken.has(index) && !tally.doneIndexes.has(index)) free.push(index);
  }
  return free;
}
