/**
 * The rules for a Job's status. Most rules apply only when a write changes one of their fields. A status that became
 * invalid through a change of the specification, or that an earlier release stored, can therefore still be written.
 */
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
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
  readonly problems: Problems;
}

/** Checks a write to the status of a Job. */
export function checkJobStatus(job: KubeObject, old: KubeObject, problems: Problems): void {
  const [next, before] = [factsOf(job), factsOf(old)];
  const write: StatusWrite = {
    spec: job.spec ?? {},
    next,
    before,
    changes: (...names) => names.some((name) => !jsonEquals(valueOf(next, name), valueOf(before, name))),
    problems,
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

const refuseConditions = ({ problems }: StatusWrite, text: string) =>
  problems.invalidWithoutValue('status.conditions', text);

function checkCounts({ next: { status }, problems }: StatusWrite) {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'])
    problems.field('status', status).number(field).notNegative();
  const uncounted = objectAt(status, 'uncountedTerminatedPods');
  const seen = new Set<JsonValue>();
  for (const list of ['succeeded', 'failed']) {
    for (const [index, uid] of listAt(uncounted, list).entries()) {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === '') problems.invalid(field, uid, 'must not be empty');
      else if (seen.has(uid)) problems.duplicate(field, uid);
      else seen.add(uid);
    }
  }
}

/** Checks the conditions that end a Job, and the times in the status. */
function checkEnds(write: StatusWrite) {
  const { next, changes, problems } = write;
  const [start, end] = [textAt(next.status, 'startTime'), textAt(next.status, 'completionTime')];
  const refuseEnd = (text: string) => problems.invalid('status.completionTime', end, text);
  if (changes('isComplete', 'isFailed') && next.isComplete && next.isFailed)
    refuseConditions(write, 'cannot set Complete=True and Failed=true conditions');
  if (changes('isComplete', 'isFailureTarget') && next.isComplete && next.isFailureTarget)
    refuseConditions(write, 'cannot set Complete=True and FailureTarget=true conditions');
  if (changes('isComplete', 'completionTime')) {
    if (end !== '' && !next.isComplete) refuseEnd('cannot set completionTime when there is no Complete=True condition');
    if (end === '' && next.isComplete)
      problems.required('status.completionTime', 'completionTime is required for Complete jobs');
  }
  const isEarly = start !== '' && end !== '' && Date.parse(end) < Date.parse(start);
  if (changes('startTime', 'completionTime') && isEarly) refuseEnd('must be equal to or after `startTime`');
  if (changes('isFailed', 'failedIndexes') && next.isFailed && !next.isFailureTarget)
    refuseConditions(write, 'cannot set Failed=True condition without the FailureTarget=true condition');
  if (changes('isComplete', 'isCriteriaMet') && next.isComplete && !next.isCriteriaMet)
    refuseConditions(write, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
}

/** Checks that a finished Job has a start time, no active pods, and no uncounted pods. */
function checkFinished({ spec, next, changes, problems }: StatusWrite) {
  if (!next.isFinished) return;
  const active = count(next, 'active');
  if (changes('isFinished', 'active') && active > 0)
    problems.invalid('status.active', active, 'active>0 is invalid for finished job');
  const hasNeverRun = spec['suspend'] === true && spec['completions'] === 0;
  if (changes('isFinished', 'startTime') && !hasNeverRun && textAt(next.status, 'startTime') === '')
    problems.required('status.startTime', 'startTime is required for finished job');
  const uncounted = objectAt(next.status, 'uncountedTerminatedPods');
  const [Succeeded, Failed] = [listAt(uncounted, 'succeeded'), listAt(uncounted, 'failed')];
  if (changes('isFinished', 'uncountedTerminatedPods') && Succeeded.length + Failed.length > 0) {
    const shown = { Succeeded: uncounted['succeeded'] ?? null, Failed: uncounted['failed'] ?? null };
    problems.invalid('status.uncountedTerminatedPods', shown, 'must be empty for finished job');
  }
}

function checkIndexes({ spec, next: { status }, changes, problems }: StatusWrite) {
  const completions = numberAt(spec, 'completions');
  const hasLimit = spec['backoffLimitPerIndex'] !== undefined;
  const [completed, failed] = [textAt(status, 'completedIndexes'), status['failedIndexes']];
  const refuse = (field: string, value: unknown, text: string) => problems.invalid(`status.${field}`, value, text);
  const parse = (field: string, text: string) => {
    const problem = completions === undefined ? undefined : indexesProblem(text, completions);
    if (problem !== undefined) refuse(field, text, `error parsing ${field}: ${problem}`);
  };
  if (changes('completedIndexes')) parse('completedIndexes', completed);
  if (changes('failedIndexes') && hasLimit && typeof failed === 'string') parse('failedIndexes', failed);
  if (changes('completedIndexes') && completed !== '' && textAt(spec, 'completionMode') !== 'Indexed')
    refuse('completedIndexes', completed, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  if (typeof failed !== 'string') return;
  if (changes('failedIndexes') && !hasLimit)
    refuse('failedIndexes', failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  if (!changes('failedIndexes', 'completedIndexes') || completions === undefined) return;
  const overlap = overlapProblem(completed, failed, completions);
  if (overlap !== undefined) refuse('failedIndexes', failed, overlap);
}

function checkPods({ next, changes, problems }: StatusWrite) {
  const [ready, terminating] = [numberAt(next.status, 'ready'), count(next, 'terminating')];
  if (changes('isFinished', 'terminating') && terminating > 0 && next.isFinished)
    problems.invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job');
  if (changes('ready', 'active') && ready !== undefined && ready > count(next, 'active'))
    problems.invalid('status.ready', ready, 'cannot set more ready pods than active');
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
  const { spec, next, before, changes, problems } = write;
  for (const [type, fact] of [
    ['Failed', 'isFailed'],
    ['Complete', 'isComplete'],
    ['FailureTarget', 'isFailureTarget'],
  ] as const) {
    if (before[fact] && !next[fact]) refuseConditions(write, `cannot disable the terminal ${type}=True condition`);
  }
  const isElastic = textAt(spec, 'completionMode') === 'Indexed' && spec['completions'] === spec['parallelism'];
  for (const field of isElastic ? ['failed'] : ['failed', 'succeeded']) {
    if (count(next, field) < count(before, field))
      problems.invalid(`status.${field}`, count(next, field), `cannot decrease the ${field} counter`);
  }
  const [end, start] = [textAt(next.status, 'completionTime'), next.status['startTime'] ?? null];
  if (end !== '' && textAt(before.status, 'completionTime') !== '' && changes('completionTime'))
    problems.invalid('status.completionTime', end, 'field is immutable');
  const hadStarted = textAt(before.status, 'startTime') !== '';
  if (changes('startTime') && hadStarted && !isResumedJob && spec['suspend'] !== true)
    problems.invalid('status.startTime', start, 'field is immutable for unsuspended job once set');
  if (before.isCriteriaMet && !next.isCriteriaMet)
    refuseConditions(write, 'cannot disable the SuccessCriteriaMet=True condition');
  if (before.isComplete && !before.isCriteriaMet && next.isCriteriaMet)
    refuseConditions(write, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
}
