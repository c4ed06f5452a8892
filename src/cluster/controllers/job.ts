import type { JsonObject, KubeObject } from '../../core/index.ts';
import { numberAt, objectsAt } from '../../kubernetes/index.ts';
import type { SimulatedController } from './controller.ts';
import { concerns, soonest, splitKey, targetIn } from './controller.ts';
import { recordEvent } from './events.ts';
import { textOfIndexes } from './index-list.ts';
import { failureAnnotations } from './job-indexes.ts';
import { createJobPod, TRACKING } from './job-pods.ts';
import { finishedCondition, planJob, tallyOf } from './job-plan.ts';
import type { JobPlan, Tally } from './job-plan.ts';
import { isFinished, PODS, podsOf, withoutZeros } from './pods.ts';
import type { ControllerClient } from './controller-client.ts';
import { controllerOf } from './object-index.ts';

const NAME = 'job-controller';
export const JOBS = { group: 'batch', plural: 'jobs' } as const;

/** The prefix of keys of pods without a Job. */
const ORPHAN = 'orphan ';

/** Runs the pods of Jobs until enough of them have succeeded or too many have failed. */
export const jobController: SimulatedController = {
  name: NAME,
  target: (key, world) => (key.startsWith(ORPHAN) ? undefined : targetIn(JOBS)(key, world)),

  *keysOf(event, world) {
    if (concerns(event, 'batch', 'jobs') && event.type !== 'DELETED') yield event.stored.key;
    if (!concerns(event, '', 'pods')) return;
    const { object, key } = event.stored;
    const owner = controllerOf(object);
    const { namespace = '' } = object.metadata;
    if (owner?.kind === 'Job' && world.get(JOBS, namespace, owner.name)?.metadata.uid === owner.uid) {
      yield `${namespace}/${owner.name}`;
    } else if (object.metadata.finalizers?.includes(TRACKING) === true && event.type !== 'DELETED') {
      yield `${ORPHAN}${key}`;
    }
  },

  reconcile(key, world) {
    if (key.startsWith(ORPHAN)) {
      const place = splitKey(key.slice(ORPHAN.length));
      const pod = world.get(PODS, place.namespace, place.name);
      if (pod !== undefined) release(world, pod);
      return;
    }
    const { namespace, name } = splitKey(key);
    const job = world.get(JOBS, namespace, name);
    if (job === undefined) return;
    const tally = tallyOf(job, podsOf(world, job));
    if (finishedCondition(job) !== undefined || job.metadata.deletionTimestamp !== undefined) {
      report(world, job, tally, { remove: [], create: [], conditions: [], replanInMs: undefined });
      return;
    }
    const plan = planJob(job, tally, world.now());
    for (const pod of plan.remove) {
      world.remove(pod);
      recordEvent(world, job, NAME, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name ?? ''}`);
    }
    for (const index of plan.create) {
      const pod = createJobPod(world, job, index, failureAnnotations(job, tally.perIndex?.awaiting.get(index)));
      recordEvent(world, job, NAME, 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    }
    report(world, job, tally, plan);
    return plan.replanInMs;
  },
};

/** Removes the finalizer of a counted pod. */
function release(world: ControllerClient, pod: KubeObject): void {
  const { finalizers = [], ...metadata } = pod.metadata;
  if (!finalizers.includes(TRACKING)) return;
  const kept = finalizers.filter((name) => name !== TRACKING);
  world.update({ ...pod, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } });
}

function report(world: ControllerClient, before: KubeObject, tally: Tally, plan: JobPlan): void {
  const job = world.get(JOBS, before.metadata.namespace ?? '', before.metadata.name ?? '');
  if (job === undefined) return;
  const now = world.timestamp();
  const pods = podsOf(world, job);
  const active = pods.filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp === undefined);
  const terminating = pods.filter((pod) => !isFinished(pod) && pod.metadata.deletionTimestamp !== undefined);
  const conditions = mergeConditions(objectsAt(job.status, 'conditions'), plan.conditions, now);
  const complete = plan.conditions.some(({ type }) => type === 'Complete');
  const suspended = job.spec?.['suspend'] === true;
  const startTime = suspended ? undefined : (job.status?.['startTime'] ?? now);
  const { startTime: _start, ...status } = job.status ?? {};
  world.updateStatus(job, {
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
  for (const pod of tally.counted) release(world, pod);
  for (const { type, reason, message } of plan.conditions) {
    if (type === 'Complete') recordEvent(world, job, NAME, 'Completed', 'Job completed');
    if (type === 'Failed') recordEvent(world, job, NAME, reason, message, 'Warning');
    if (type === 'Suspended') recordEvent(world, job, NAME, reason === 'JobResumed' ? 'Resumed' : 'Suspended', message);
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

/** Seconds of a field of the specification in milliseconds. */
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

  reconcile(key, world) {
    const { namespace, name } = splitKey(key);
    const job = world.get(JOBS, namespace, name);
    const ttl = job === undefined ? undefined : secondsOf(job, 'ttlSecondsAfterFinished');
    const end = job === undefined ? undefined : finishedCondition(job);
    if (job === undefined || ttl === undefined || end === undefined) return;
    const remaining = Date.parse(String(end['lastTransitionTime'])) + ttl - world.now();
    if (remaining > 0) return soonest(remaining);
    if (job.metadata.deletionTimestamp === undefined) world.remove(job, { propagation: 'Foreground' });
  },
};
