import type { JsonObject, KubeObject } from '../../core/index.ts';
import { numberAt, objectsAt } from '../../kubernetes/index.ts';
import type { ControlRule } from './adoption.ts';
import { controlByRule, ownerKeys } from './adoption.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { textOfIndexes } from './index-list.ts';
import { failureAnnotations } from './job-indexes.ts';
import { createJobPod, TRACKING } from './job-pods.ts';
import { finishedCondition, planJob, tallyOf } from './job-plan.ts';
import type { JobPlan, Tally } from './job-plan.ts';
import { isFinished, PODS, podsOf, withoutZeros } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';
import { controllerOf } from './relation-index.ts';
import { earliest } from '../../core/index.ts';

const NAME = 'job-controller';
export const JOBS = { group: 'batch', plural: 'jobs' } as const;

const PODS_OF_JOB: ControlRule = { owners: { kind: 'Job', resource: JOBS }, resource: PODS, finalizer: TRACKING };

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
    if (object.metadata.finalizers?.includes(TRACKING) === true && event.type !== 'DELETED') {
      yield `${ORPHAN}${key}`;
    }
  },

  reconcile(key, client) {
    if (key.startsWith(ORPHAN)) {
      const place = splitKey(key.slice(ORPHAN.length));
      const pod = client.get(PODS, place.namespace, place.name);
      if (pod !== undefined) release(client, pod);
      return;
    }
    const { namespace, name } = splitKey(key);
    const job = client.get(JOBS, namespace, name);
    if (job === undefined) return;
    if (finishedCondition(job) === undefined) controlByRule(client, job, PODS_OF_JOB);
    const tally = tallyOf(job, podsOf(client, job));
    if (finishedCondition(job) !== undefined || job.metadata.deletionTimestamp !== undefined) {
      report(client, job, tally, { remove: [], create: [], conditions: [], replanInMs: undefined });
      return;
    }
    const plan = planJob(job, tally, client.now());
    for (const pod of plan.remove) {
      client.remove(pod);
      recordEvent(client, job, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
    }
    for (const index of plan.create) {
      const pod = createJobPod(client, job, index, failureAnnotations(job, tally.perIndex?.awaiting.get(index)));
      recordEvent(client, job, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    }
    report(client, job, tally, plan);
    return plan.replanInMs;
  },
};

/** Removes the finalizer of a counted pod, or of a pod without a Job. */
function release(client: ControllerClient, pod: KubeObject): void {
  const { finalizers = [], ...metadata } = pod.metadata;
  if (!finalizers.includes(TRACKING)) return;
  const kept = finalizers.filter((name) => name !== TRACKING);
  client.update({ ...pod, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } });
}

function report(client: ControllerClient, before: KubeObject, tally: Tally, plan: JobPlan): void {
  const job = client.get(JOBS, before.metadata.namespace ?? '', before.metadata.name ?? '');
  if (job === undefined) return;
  const now = client.timestamp();
  const pods = podsOf(client, job);
  const active = pods.filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp === undefined);
  const terminating = pods.filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp !== undefined);
  const conditions = mergeConditions(objectsAt(job.status, 'conditions'), plan.conditions, now);
  const complete = plan.conditions.some(({ type }) => type === 'Complete');
  const suspended = job.spec?.['suspend'] === true;
  const startTime = suspended ? undefined : (job.status?.['startTime'] ?? now);
  const { startTime: _start, ...status } = job.status ?? {};
  client.updateStatus(job, {
    ...omit(status, ['active', 'succeeded', 'failed', 'completedIndexes', 'failedIndexes']),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(complete ? { completionTime: now } : {}),
    ...withoutZeros({ active: active.length, succeeded: tally.succeeded, failed: tally.failed }),
    ...(tally.completedIndexes === undefined ? {} : { completedIndexes: tally.completedIndexes }),
    ...(tally.perIndex === undefined ? {} : { failedIndexes: textOfIndexes(tally.perIndex.failed) }),
    ready: active.filter(
      (pod) =>
        objectsAt(pod.status, 'containerStatuses').every((entry) => entry['ready'] === true) &&
        pod.status?.['phase'] === 'Running',
    ).length,
    terminating: terminating.length,
    uncountedTerminatedPods: {},
  });
  for (const pod of tally.counted) release(client, pod);
  for (const { type, reason, message } of plan.conditions) {
    if (type === 'Complete') recordEvent(client, job, NAME, 'Completed', 'Job completed');
    if (type === 'Failed') recordEvent(client, job, NAME, reason, message, 'Warning');
    if (type === 'Suspended')
      recordEvent(client, job, NAME, reason === 'JobResumed' ? 'Resumed' : 'Suspended', message);
  }
}

function omit(status: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(status).filter(([field]) => !fields.includes(field)));
}

function mergeConditions(before: readonly JsonObject[], wanted: JobPlan['conditions'], now: string): JsonObject[] {
  const others = before.filter((condition) => !wanted.some(({ type }) => type === condition['type']));
  const added = wanted.map((condition) => ({ ...condition, lastProbeTime: now, lastTransitionTime: now }));
  return [...others, ...added];
}

/** A field of `spec` that has seconds, converted to milliseconds; `undefined` when the field is absent. */
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
    const { namespace, name } = splitKey(key);
    const job = client.get(JOBS, namespace, name);
    const ttl = job === undefined ? undefined : secondsOf(job, 'ttlSecondsAfterFinished');
    const end = job === undefined ? undefined : finishedCondition(job);
    if (job === undefined || ttl === undefined || end === undefined) return;
    const remaining = Date.parse(String(end['lastTransitionTime'])) + ttl - client.now();
    if (remaining > 0) return earliest([remaining]);
    if (job.metadata.deletionTimestamp === undefined) client.remove(job, { propagation: 'Foreground' });
  },
};
