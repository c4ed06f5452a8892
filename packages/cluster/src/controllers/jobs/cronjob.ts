import { type JsonObject, type KubeObject, earliest, RETRY_POLICIES } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { scheduleProblem } from '../../kinds/jobs/schedule-problem.ts';
import { isTimeZone } from '../../kinds/jobs/jobs.ts';
import { formatTime, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import { type Schedule, parseSchedule } from './cron-schedule.ts';
import { recordEvent } from '../events.ts';
import { JOBS, secondsOf } from './job.ts';
import { finishedCondition } from './job-plan.ts';
import { specNumber } from '../pods/pod-state.ts';
import { type ControllerClient, controllerReference, isAlreadyExists, isApiError } from '../controller-client.ts';
import { controllerOf } from '../relation-index.ts';

const NAME = 'cronjob-controller';
const CRON_JOBS = { group: 'batch', plural: 'cronjobs' } as const;
const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/**
 * Creates the Jobs of CronJobs at the scheduled times, by the cluster's clock. Deletes finished Jobs beyond the history
 * limits.
 */
export const cronJobController: SimulatedController = {
  name: NAME,
  target: targetIn(CRON_JOBS),

  *keysOf(event) {
    if (concerns(event, 'batch', 'cronjobs') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, 'batch', 'jobs')) return;
    const { object } = event.stored;
    const owner = controllerOf(object);
    if (owner?.kind === 'CronJob') yield `${object.metadata.namespace ?? ''}/${owner.name}`;
  },

  reconcile(key, client) {
    const cron = client.at(CRON_JOBS, key);
    if (cron === undefined) return;
    reportUnexpected(client, cron);
    noteFinished(client, cron);
    trimHistory(client, cron);
    const live = client.at(CRON_JOBS, key);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    const timeZone = zoneOf(live);
    if (!isTimeZone(timeZone)) {
      const message = `invalid timeZone: ${goQuote(timeZone)}: unknown time zone ${timeZone}`;
      return recordEvent(client, live, NAME, 'UnknownTimeZone', message, 'Warning');
    }
    if (live.spec?.['suspend'] === true) return;
    const text = textAt(live.spec, 'schedule');
    const schedule = parseSchedule(text, timeZone);
    if (schedule === undefined) {
      const message = `unparseable schedule: ${goQuote(text)} : ${scheduleProblem(text) ?? ''}`;
      return recordEvent(client, live, NAME, 'UnparseableSchedule', message, 'Warning');
    }
    const next = schedule.next(client.now());
    if (next === undefined) {
      const message = `invalid schedule: ${text} : time difference between two schedules is less than 1 second`;
      return recordEvent(client, live, NAME, 'InvalidSchedule', message, 'Warning');
    }
    const isRefused = !startDue(client, live, schedule);
    return earliest([next - client.now(), isRefused ? RETRY_POLICIES.simulatedController.initialMs : undefined]);
  },
};

function jobsOf(client: ControllerClient, cron: KubeObject): KubeObject[] {
  return client.controlled(cron, JOBS);
}

const activeOf = (cron: KubeObject): JsonObject[] => objectsAt(cron.status, 'active');

/**
 * Warns about running Jobs of the CronJob that are not in its list of active Jobs, such as the Job of
 * `kubectl create job --from`.
 */
function reportUnexpected(client: ControllerClient, cron: KubeObject): void {
  const listed = new Set(activeOf(cron).map((reference) => textAt(reference, 'uid')));
  for (const job of jobsOf(client, cron)) {
    if (listed.has(job.metadata.uid ?? '') || finishedCondition(job) !== undefined) continue;
    const message = `Saw a job that the controller did not create or forgot: ${job.metadata.name ?? ''}`;
    recordEvent(client, cron, NAME, 'UnexpectedJob', message, 'Warning');
  }
}

/** Removes ended and missing Jobs from the list of active Jobs, and records the time of the last successful Job. */
function noteFinished(client: ControllerClient, cron: KubeObject): void {
  const jobs = new Map(jobsOf(client, cron).map((job) => [job.metadata.uid ?? '', job]));
  const before = textAt(cron.status, 'lastSuccessfulTime');
  let last = before;
  for (const job of jobs.values()) {
    const time = finishedCondition(job)?.['type'] === 'Complete' ? textAt(job.status, 'completionTime') : '';
    if (time > last) last = time;
  }
  const stillActive = activeOf(cron).filter((reference) => {
    const job = jobs.get(textAt(reference, 'uid'));
    const end = job === undefined ? undefined : finishedCondition(job);
    if (job !== undefined && end === undefined) return true;
    const [reason, text] =
      job === undefined
        ? ['MissingJob', `Active job went missing: ${textAt(reference, 'name')}`]
        : ['SawCompletedJob', `Saw completed job: ${job.metadata.name ?? ''}, condition: ${textAt(end, 'type')}`];
    recordEvent(client, cron, NAME, reason, text);
    return false;
  });
  if (last === before && stillActive.length === activeOf(cron).length) return;
  writeStatus(client, cron, { active: stillActive, ...(last === '' ? {} : { lastSuccessfulTime: last }) });
}

function writeStatus(
  client: ControllerClient,
  cron: KubeObject,
  change: { active?: readonly JsonObject[] } & JsonObject,
): void {
  const { active, ...status } = { ...cron.status, ...change };
  const list = Array.isArray(active) ? active : [];
  client.updateStatus(cron, list.length === 0 ? status : { ...status, active: list });
}

/** Deletes finished Jobs beyond the limits, oldest first. */
function trimHistory(client: ControllerClient, cron: KubeObject): void {
  const limits = { Complete: ['successfulJobsHistoryLimit', 3], Failed: ['failedJobsHistoryLimit', 1] } as const;
  for (const [type, [field, otherwise]] of Object.entries(limits)) {
    const ended = jobsOf(client, cron)
      .filter((job) => finishedCondition(job)?.['type'] === type && job.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => startOf(a) - startOf(b));
    for (const job of ended.slice(0, Math.max(0, ended.length - specNumber(cron, field, otherwise)))) {
      removeJob(client, cron, job);
    }
  }
}

function removeJob(client: ControllerClient, cron: KubeObject, job: KubeObject): void {
  client.remove(job, { propagation: 'Background' });
  recordEvent(client, cron, NAME, 'SuccessfulDelete', `Deleted job ${job.metadata.name ?? ''}`);
}

const zoneOf = (cron: KubeObject): string => textAt(cron.spec, 'timeZone') || 'UTC';

/** Formats a time with the offset of a zone: `2026-01-01T13:05:00+01:00`. */
function timeIn(timeZone: string, time: number): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  if (offsetMs === 0) return formatTime(time);
  return formatTime(time + offsetMs).replace('Z', `${sign}${hours}:${minutes}`);
}

const startOf = (job: KubeObject): number =>
  Date.parse(textAt(job.status, 'startTime') || String(job.metadata.creationTimestamp));

/** The maximum number of missed times without a warning. */
const MAX_SILENT_MISSES = 100;

/**
 * Returns the latest time at which a Job is due: after the last scheduled time, and within the starting deadline.
 * Returns `undefined` when no Job is due. Earlier missed times are dropped. `missesMany` is true when the number of
 * missed times exceeds `MAX_SILENT_MISSES`. As in Kubernetes, this number is estimated from the interval between the
 * first two times.
 */
function latestDue(
  cron: KubeObject,
  schedule: Schedule,
  now: number,
): { readonly due: number | undefined; readonly missesMany: boolean } {
  const last = textAt(cron.status, 'lastScheduleTime') || String(cron.metadata.creationTimestamp);
  const deadline = secondsOf(cron, 'startingDeadlineSeconds');
  let from = Date.parse(last);
  if (deadline !== undefined) from = Math.max(from, now - deadline);
  const due = schedule.latest(from, now);
  if (due === undefined) return { due, missesMany: false };
  const first = schedule.next(from) ?? due;
  const second = schedule.next(first) ?? Number.POSITIVE_INFINITY;
  return { due, missesMany: Math.floor((now - first) / (second - first)) + 1 > MAX_SILENT_MISSES };
}

/**
 * Starts the Job of the latest due time. Returns false when the API refuses the Job, so that the caller must try again.
 */
function startDue(client: ControllerClient, cron: KubeObject, schedule: Schedule): boolean {
  const { due, missesMany } = latestDue(cron, schedule, client.now());
  if (due === undefined) return true;
  if (missesMany) {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    recordEvent(client, cron, NAME, 'TooManyMissedTimes', message, 'Warning');
  }
  const policy = textAt(cron.spec, 'concurrencyPolicy');
  const active = activeOf(cron);
  if (policy === 'Forbid' && active.length > 0) {
    recordEvent(
      client,
      cron,
      NAME,
      'JobAlreadyActive',
      'Not starting job because prior execution is running and concurrency policy is Forbid',
    );
    return true;
  }
  if (policy === 'Replace') {
    const running = new Set(active.map((reference) => textAt(reference, 'uid')));
    for (const job of jobsOf(client, cron)) {
      if (running.has(job.metadata.uid ?? '')) removeJob(client, cron, job);
    }
  }
  const kept = policy === 'Replace' ? [] : active;
  const job = createJob(client, cron, due);
  if (typeof job === 'string') {
    // The replaced Jobs are deleted even if the new Job could not be created.
    if (kept.length < active.length) writeStatus(client, cron, { active: kept });
    return job === 'taken';
  }
  const reference = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: job.metadata.name ?? '',
    namespace: job.metadata.namespace ?? '',
    uid: job.metadata.uid ?? '',
    resourceVersion: job.metadata.resourceVersion ?? '',
  };
  const others = kept.filter((entry) => textAt(entry, 'uid') !== reference.uid);
  writeStatus(client, cron, { active: [...others, reference], lastScheduleTime: formatTime(due) });
  return true;
}

/**
 * Creates the Job of a scheduled time. The name of the Job contains the minute of the time, so that there is at most
 * one Job per minute. Returns `taken` when a Job that the CronJob does not control has the name, and `refused` when the
 * API refuses the Job.
 */
function createJob(client: ControllerClient, cron: KubeObject, due: number): KubeObject | 'taken' | 'refused' {
  const { name = '', namespace = '' } = cron.metadata;
  const jobName = `${name}-${Math.floor(due / 60_000)}`;
  const known = client.get(JOBS, namespace, jobName);
  if (known !== undefined && controllerOf(known)?.uid === cron.metadata.uid) return known;
  const template = objectAt(cron.spec, 'jobTemplate');
  const { labels, annotations } = objectAt(template, 'metadata') as KubeObject['metadata'];
  try {
    const job = client.create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: jobName,
        namespace,
        ...(labels === undefined ? {} : { labels }),
        annotations: { ...annotations, [SCHEDULED]: timeIn(zoneOf(cron), due) },
        ownerReferences: [controllerReference(cron)],
      },
      spec: objectAt(template, 'spec'),
    });
    recordEvent(client, cron, NAME, 'SuccessfulCreate', `Created job ${jobName}`);
    return job;
  } catch (error) {
    if (isAlreadyExists(error)) return 'taken';
    if (!isApiError(error)) throw error;
    recordEvent(client, cron, NAME, 'FailedCreate', `Error creating job: ${error.message}`, 'Warning');
    return 'refused';
  }
}
