/**
 * The rules for a Job's status. Most rules apply only when a write changes one of their fields. A status that became
 * invalid through a change of the specification, or that an earlier release stored, can therefore still be written.
 */
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { listAt, numberAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Field, Problems } from '../../errors/field-problems.ts';
import { indexesProblem, overlapProblem } from './job-index-text.ts';

/** The parts of a status that the rules use. */
interface JobFacts {
  readonly status: JsonObject;
  readonly isComplete: boolean;
  readonly isFailed: boolean;
  readonly isFinished: boolean;
  readonly isFailureTarget: boolean;
  readonly isCriteriaMet: boolean;
}

function factsOf(job: KubeObject): JobFacts {
  const [isComplete, isFailed] = [hasCondition(job, 'Complete'), hasCondition(job, 'Failed')];
  return {
    status: job.status ?? {},
    isComplete,
    isFailed,
    isFinished: isComplete || isFailed,
    isFailureTarget: hasCondition(job, 'FailureTarget'),
    isCriteriaMet: hasCondition(job, 'SuccessCriteriaMet'),
  };
}

const hasCondition = (job: KubeObject, type: string, status = 'True'): boolean =>
  objectsAt(job.status, 'conditions').some((condition) => condition['type'] === type && condition['status'] === status);

type Fact = Exclude<keyof JobFacts, 'status'>;
type StatusField =
  | 'active'
  | 'completedIndexes'
  | 'completionTime'
  | 'failedIndexes'
  | 'ready'
  | 'startTime'
  | 'terminating'
  | 'uncountedTerminatedPods';

const isFact = (name: Fact | StatusField): name is Fact => name.startsWith('is');

const valueOf = (facts: JobFacts, name: Fact | StatusField): JsonValue | undefined =>
  isFact(name) ? facts[name] : facts.status[name];

/** A write to the status of a Job. */
interface StatusWrite {
  readonly spec: JsonObject;
  readonly next: JobFacts;
  readonly before: JobFacts;
  /** Does the write change one of these facts, or of these fields of the status? */
  readonly changes: (...names: readonly (Fact | StatusField)[]) => boolean;
  /** The new status. */
  readonly field: Field;
}

/** Checks a write to the status of a Job. */
export function checkJobStatus(job: KubeObject, old: KubeObject, problems: Problems): void {
  const [next, before] = [factsOf(job), factsOf(old)];
  const write: StatusWrite = {
    spec: job.spec ?? {},
    next,
    before,
    changes: (...names) => names.some((name) => !jsonEquals(valueOf(next, name), valueOf(before, name))),
    field: problems.field('status', job.status),
  };
  checkCounts(write);
  checkEnds(write);
  checkFinished(write);
  checkIndexes(write);
  checkPods(write);
  checkCriteria(write);
  checkSteps(write, isResumed(job, old));
}

/** Does the write change the condition `Suspended` so that a suspended Job is resumed? */
const isResumed = (job: KubeObject, old: KubeObject): boolean =>
  hasCondition(old, 'Suspended') && hasCondition(job, 'Suspended', 'False');

const count = ({ status }: JobFacts, field: string): number => numberAt(status, field) ?? 0;

const refuseConditions = ({ field: { problems } }: StatusWrite, text: string) =>
  problems.invalidWithoutValue('status.conditions', text);

function checkCounts({ field }: StatusWrite) {
  for (const key of ['active', 'succeeded', 'failed', 'ready', 'terminating']) field.number(key).notNegative();
  const uncounted = field.object('uncountedTerminatedPods');
  const seen = new Set<string>();
  for (const uid of [...uncounted.texts('succeeded'), ...uncounted.texts('failed')]) {
    if (uid.value === '') uid.invalid('must not be empty');
    else if (seen.has(uid.value)) uid.duplicate();
    else seen.add(uid.value);
  }
}

/** Checks the conditions that end a Job, and the times in the status. */
function checkEnds(write: StatusWrite) {
  const { next, changes, field } = write;
  const [start, end] = [field.text('startTime').value, field.text('completionTime')];
  if (changes('isComplete', 'isFailed') && next.isComplete && next.isFailed)
    refuseConditions(write, 'cannot set Complete=True and Failed=true conditions');
  if (changes('isComplete', 'isFailureTarget') && next.isComplete && next.isFailureTarget)
    refuseConditions(write, 'cannot set Complete=True and FailureTarget=true conditions');
  if (changes('isComplete', 'completionTime')) {
    if (end.value !== '' && !next.isComplete)
      end.invalid('cannot set completionTime when there is no Complete=True condition');
    if (next.isComplete) end.notEmpty('completionTime is required for Complete jobs');
  }
  const isEarly = start !== '' && end.value !== '' && Date.parse(end.value) < Date.parse(start);
  if (changes('startTime', 'completionTime') && isEarly) end.invalid('must be equal to or after `startTime`');
  if (changes('isFailed', 'failedIndexes') && next.isFailed && !next.isFailureTarget)
    refuseConditions(write, 'cannot set Failed=True condition without the FailureTarget=true condition');
  if (changes('isComplete', 'isCriteriaMet') && next.isComplete && !next.isCriteriaMet)
    refuseConditions(write, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
}

/** Checks that a finished Job has a start time, no active pods, and no uncounted pods. */
function checkFinished({ spec, next, changes, field }: StatusWrite) {
  if (!next.isFinished) return;
  if (changes('isFinished', 'active')) field.count('active').atMost(0, 'active>0 is invalid for finished job');
  const hasNeverRun = spec['suspend'] === true && spec['completions'] === 0;
  if (changes('isFinished', 'startTime') && !hasNeverRun)
    field.text('startTime').notEmpty('startTime is required for finished job');
  const uncounted = field.object('uncountedTerminatedPods');
  const isCounted = ['succeeded', 'failed'].every((key) => listAt(uncounted.value, key).length === 0);
  if (changes('isFinished', 'uncountedTerminatedPods') && !isCounted) {
    const { succeeded: Succeeded = null, failed: Failed = null } = uncounted.value;
    uncounted.invalid('must be empty for finished job', { Succeeded, Failed });
  }
}

function checkIndexes({ spec, changes, field }: StatusWrite) {
  const completions = numberAt(spec, 'completions');
  const hasLimit = spec['backoffLimitPerIndex'] !== undefined;
  const [completed, failed] = [field.text('completedIndexes'), field.text('failedIndexes')];
  const hasFailed = typeof field.value['failedIndexes'] === 'string';
  const parse = (indexes: Field<string>, key: string) => {
    const problem = completions === undefined ? undefined : indexesProblem(indexes.value, completions);
    if (problem !== undefined) indexes.invalid(`error parsing ${key}: ${problem}`);
  };
  if (changes('completedIndexes')) parse(completed, 'completedIndexes');
  if (changes('failedIndexes') && hasLimit && hasFailed) parse(failed, 'failedIndexes');
  if (changes('completedIndexes') && completed.value !== '' && textAt(spec, 'completionMode') !== 'Indexed')
    completed.invalid('cannot set non-empty completedIndexes when non-indexed completion mode');
  if (!hasFailed) return;
  if (changes('failedIndexes') && !hasLimit)
    failed.invalid('cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  if (!changes('failedIndexes', 'completedIndexes') || completions === undefined) return;
  failed.problem(overlapProblem(completed.value, failed.value, completions));
}

function checkPods({ next, changes, field }: StatusWrite) {
  if (changes('isFinished', 'terminating') && next.isFinished)
    field.count('terminating').atMost(0, 'terminating>0 is invalid for finished job');
  if (changes('ready', 'active'))
    field.number('ready').atMost(count(next, 'active'), 'cannot set more ready pods than active');
}

function checkCriteria(write: StatusWrite) {
  const { spec, next } = write;
  if (next.isCriteriaMet && next.isFailed)
    refuseConditions(write, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (next.isCriteriaMet && next.isFailureTarget)
    refuseConditions(write, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (optionalAt(spec, 'successPolicy') !== undefined && !next.isCriteriaMet && next.isComplete)
    refuseConditions(write, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
}

/** Checks the transition from the stored status to the new status. */
function checkSteps(write: StatusWrite, isResumedJob: boolean) {
  const { spec, next, before, changes, field } = write;
  for (const [type, fact] of [
    ['Failed', 'isFailed'],
    ['Complete', 'isComplete'],
    ['FailureTarget', 'isFailureTarget'],
  ] as const) {
    if (before[fact] && !next[fact]) refuseConditions(write, `cannot disable the terminal ${type}=True condition`);
  }
  const isElastic = textAt(spec, 'completionMode') === 'Indexed' && spec['completions'] === spec['parallelism'];
  for (const key of isElastic ? ['failed'] : ['failed', 'succeeded'])
    field.count(key).atLeast(count(before, key), `cannot decrease the ${key} counter`);
  const [end, start] = [field.text('completionTime'), field.member('startTime')];
  if (end.value !== '' && textAt(before.status, 'completionTime') !== '' && changes('completionTime'))
    end.invalid('field is immutable');
  const hadStarted = textAt(before.status, 'startTime') !== '';
  if (changes('startTime') && hadStarted && !isResumedJob && spec['suspend'] !== true)
    start.invalid('field is immutable for unsuspended job once set');
  if (before.isCriteriaMet && !next.isCriteriaMet)
    refuseConditions(write, 'cannot disable the SuccessCriteriaMet=True condition');
  if (before.isComplete && !before.isCriteriaMet && next.isCriteriaMet)
    refuseConditions(write, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
}
