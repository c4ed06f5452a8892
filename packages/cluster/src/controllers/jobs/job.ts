import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ControlRule, controlByRule, ownerKeys } from '../workloads/control-by-rule.ts';
import { type SimulatedController, Batch, concerns, firstBatch, targetIn } from '../simulated-controller.ts';
import { recordEvent } from '../events.ts';
import { textOfIndexes } from './failure-verdict.ts';
import { failureAnnotations } from './job-indexes.ts';
import { createJobPod, TRACKING } from './job-pods.ts';
import { finishedCondition, isTracked, isUncounted, planJob, tallyAtEnd, tallyOf } from './job-plan.ts';
import type { JobCondition, JobPlan, Tally } from './job-plan.ts';
import { PODS, podsOf, withoutZeros } from '../pods/pod-state.ts';
import { sumOf } from '../pods/pod-tallies.ts';
import { type ControllerClient, refusedPod } from '../controller-client.ts';
import { controllerOf } from '../relation-index.ts';
import { type JsonObject, type JsonValue, type KubeObject, earliest } from '@typekro/kit/core';

const NAME = 'job-controller';
export const JOBS = { group: 'batch', plural: 'jobs' } as const;

const PODS_OF_JOB: ControlRule = {
  owners: { kind: 'Job', resource: JOBS },
  resource: PODS,
  finalizer: TRACKING,
  labelsOf: (client, job) => client.podTallies(job).map(({ labels }) => labels),
};

/** The prefix of the keys for pods whose Job does not exist. */
const ORPHAN = 'orphan ';

/** Runs the pods of Jobs until enough of them have succeeded or too many have failed. */
export const jobController: SimulatedController = {
  name: NAME,
  target: (key, client) => (key.startsWith(ORPHAN) ? undefined : targetIn(JOBS)(key, client)),

  *keysOf(event, client) {
    if (concerns(event, 'batch', 'jobs') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods')) return;
    const { object, key } = event.stored;
    const owner = controllerOf(object);
    yield* ownerKeys(event, client, PODS_OF_JOB);
    const { namespace = '' } = object.metadata;
    if (owner?.kind === 'Job' && client.get(JOBS, namespace, owner.name)?.metadata.uid === owner.uid) return;
    if (object.metadata.finalizers?.includes(TRACKING) === true && event.type !== 'DELETED') yield `${ORPHAN}${key}`;
  },

  reconcile(key, client) {
    if (key.startsWith(ORPHAN)) {
      const pod = client.at(PODS, key.slice(ORPHAN.length));
      if (pod !== undefined) client.dropFinalizer(pod, TRACKING);
      return;
    }
    const job = client.at(JOBS, key);
    if (job === undefined || isManagedElsewhere(job)) return;
    if (finishedCondition(job) !== undefined) {
      const tracked = podsOf(client, job).filter(isTracked);
      const released = firstBatch(tracked);
      for (const pod of released) client.dropFinalizer(pod, TRACKING);
      return released.length < tracked.length ? 'next' : undefined;
    }
    if (!controlByRule(client, job, PODS_OF_JOB)) return 'next';
    const pods = podsOf(client, job);
    const uncounted = pods.filter((pod) => isUncounted(job, pod));
    const later = new Set(uncounted.slice(firstBatch(uncounted).length));
    const present = tallyOf(
      job,
      pods.filter((pod) => !later.has(pod)),
    );
    if (job.metadata.deletionTimestamp !== undefined || later.size > 0) {
      report(client, job, present, NO_PLAN);
      return;
    }
    const plan = planJob(job, present, client.now());
    const tally = plan.final === undefined ? present : tallyAtEnd(job, present, plan.final);
    for (const pod of firstBatch(plan.remove)) {
      // While the Job has no result (`final`), the removed pods are surplus pods. The Job does not count these, so
      // their finalizer is removed first.
      client.remove(plan.final === undefined ? client.dropFinalizer(pod, TRACKING) : pod);
      recordEvent(client, job, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
    }
    const refusal = refusedPod(() => {
      const batch = new Batch(client);
      for (const index of plan.create) {
        const pod = createJobPod(client, job, index, failureAnnotations(job, tally.perIndex?.awaiting.get(index)));
        recordEvent(client, job, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
        if (batch.isFullWith(job)) break;
      }
    });
    report(client, job, tally, plan);
    if (refusal !== undefined) throw refusal;
    return plan.replanInMs;
  },
};

const NO_PLAN: JobPlan = { remove: [], create: [], conditions: [], final: undefined, replanInMs: undefined };

/** Does another controller manage the Job? */
function isManagedElsewhere(job: KubeObject): boolean {
  const manager = textAt(job.spec, 'managedBy');
  return manager !== '' && manager !== 'kubernetes.io/job-controller';
}

function report(client: ControllerClient, before: KubeObject, tally: Tally, plan: JobPlan): void {
  const job = client.get(JOBS, before.metadata.namespace ?? '', before.metadata.name ?? '');
  if (job === undefined) return;
  const now = client.timestamp();
  const tallies = client.podTallies(job);
  const active = sumOf(tallies, (pods) => pods.active);
  const terminating = sumOf(tallies, (pods) => pods.terminating);
  const conditions = mergeConditions(objectsAt(job.status, 'conditions'), plan.conditions, now);
  const startTime = startTimeOf(job, plan, now);
  const { startTime: _start, ...status } = job.status ?? {};
  const reported = client.updateStatus(job, {
    ...omit(status, ['active', 'succeeded', 'failed', 'completedIndexes', 'failedIndexes']),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...withoutZeros({ active, succeeded: tally.succeeded, failed: tally.failed }),
    ...(tally.completedIndexes === undefined ? {} : { completedIndexes: tally.completedIndexes }),
    ...(tally.perIndex === undefined ? {} : { failedIndexes: textOfIndexes(tally.perIndex.failed) }),
    ready: sumOf(tallies, (pods) => pods.ready),
    terminating,
    uncountedTerminatedPods: {},
  });
  // The store can have removed a pod in the meantime.
  for (const { metadata } of tally.counted) {
    const pod = client.get(PODS, metadata.namespace ?? '', metadata.name ?? '');
    if (pod?.metadata.uid === metadata.uid && pod !== undefined) client.dropFinalizer(pod, TRACKING);
  }
  if (plan.final !== undefined && terminating + active === 0) finish(client, reported, plan.final);
  for (const { type, reason, message } of plan.conditions) {
    if (type === 'Suspended')
      recordEvent(client, job, NAME, reason === 'JobResumed' ? 'Resumed' : 'Suspended', message);
  }
}

/** Returns the start time of a Job. A suspended Job has none. */
function startTimeOf(job: KubeObject, { conditions, final }: JobPlan, now: string): JsonValue | undefined {
  const present = job.status?.['startTime'];
  if (conditions.some(({ type, status }) => type === 'Suspended' && status === 'True')) return undefined;
  if (conditions.some(({ type }) => type === 'Suspended')) return now;
  return job.spec?.['suspend'] === true && final === undefined ? present : (present ?? now);
}

/** Ends a Job whose pods have all ended. */
function finish(client: ControllerClient, job: KubeObject, final: JobCondition): void {
  const now = client.timestamp();
  const isComplete = final.type === 'Complete';
  client.updateStatus(job, {
    ...job.status,
    conditions: mergeConditions(objectsAt(job.status, 'conditions'), [final], now),
    ...(isComplete ? { completionTime: now } : {}),
  });
  if (isComplete) recordEvent(client, job, NAME, 'Completed', 'Job completed');
  else recordEvent(client, job, NAME, final.reason, final.message, 'Warning');
}

function omit(status: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(status).filter(([field]) => !fields.includes(field)));
}

function mergeConditions(before: readonly JsonObject[], wanted: JobPlan['conditions'], now: string): JsonObject[] {
  const others = before.filter((condition) => !wanted.some(({ type }) => type === condition['type']));
  const added = wanted.map((condition) => ({ ...condition, lastProbeTime: now, lastTransitionTime: now }));
  return [...others, ...added];
}

/** Returns a field of `spec` in seconds, converted to milliseconds, or `undefined` when the field is absent. */
export const secondsOf = (job: KubeObject, field: string): number | undefined => {
  const seconds = numberAt(job.spec, field);
  return seconds === undefined ? undefined : seconds * 1000;
};

/** Deletes finished Jobs when their time to live is over. */
export const ttlController: SimulatedController = {
  name: 'ttl-after-finished-controller',
  target: targetIn(JOBS),

  *keysOf(event) {
    if (concerns(event, 'batch', 'jobs') && event.type !== 'DELETED') yield event.stored.key;
  },

  reconcile(key, client) {
    const job = client.at(JOBS, key);
    const ttl = job === undefined ? undefined : secondsOf(job, 'ttlSecondsAfterFinished');
    const end = job === undefined ? undefined : finishedCondition(job);
    if (job === undefined || ttl === undefined || end === undefined) return;
    const remaining = Date.parse(String(end['lastTransitionTime'])) + ttl - client.now();
    if (remaining > 0) return earliest([remaining]);
    if (job.metadata.deletionTimestamp === undefined) client.remove(job, { propagation: 'Foreground' });
  },
};
