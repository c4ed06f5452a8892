import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { checkJobStatus } from './job-status.ts';

const START = '2026-01-01T12:00:00Z';
const END = '2026-01-01T12:01:00Z';

/** The status of a Job. The conditions are written as words, with `!` before those that are False. */
const status = (conditions: string, more: JsonObject = {}): JsonObject => ({
  conditions: conditions
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ type: word.replace('!', ''), status: word.startsWith('!') ? 'False' : 'True' })),
  ...more,
});
const complete = status('SuccessCriteriaMet Complete', { startTime: START, completionTime: END });
const failed = status('FailureTarget Failed', { startTime: START });
const INDEXED = { completionMode: 'Indexed', completions: 3, parallelism: 2 };
const LIMITED = { ...INDEXED, backoffLimitPerIndex: 1 };

function refusals(next: JsonObject, before: JsonObject = {}, spec: JsonObject = {}): string[] {
  const job = (value: JsonObject): KubeObject => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j' },
    spec: { completionMode: 'NonIndexed', completions: 1, parallelism: 1, ...spec },
    status: value,
  });
  const problems: FieldError[] = [];
  checkJobStatus(job(next), job(before), problems);
  return problems.map(({ field, message }) => `${field.replace('status.', '')}: ${message}`);
}

test.each<[string, JsonObject, JsonObject?, JsonObject?]>([
  ['the counts of pods', { active: 2, ready: 1, terminating: 1, succeeded: 1, failed: 1, startTime: START }],
  ['a Job that is complete', complete],
  ['a Job that has failed', failed],
  [
    'a Job that is complete, with its conditions in two writes',
    complete,
    status('SuccessCriteriaMet', { startTime: START }),
  ],
  [
    'a start that a resumed Job gets again',
    status('!Suspended', { startTime: END }),
    status('Suspended', { startTime: START }),
  ],
  ['a suspended Job without its start', status('Suspended'), { startTime: START }, { suspend: true }],
  [
    'a suspended Job that needs no pods and has no start',
    status('SuccessCriteriaMet Complete', { completionTime: END }),
    {},
    { suspend: true, completions: 0 },
  ],
  ['fewer successes of an elastic Job', { succeeded: 1 }, { succeeded: 2 }, { ...INDEXED, parallelism: 3 }],
  ['indexes', { completedIndexes: '0', failedIndexes: '1,2' }, {}, LIMITED],
  [
    'indexes beyond the completions that were there before',
    { active: 1, completedIndexes: '0-9' },
    { completedIndexes: '0-9' },
    INDEXED,
  ],
  [
    'a Job that was complete without a time',
    status('SuccessCriteriaMet Complete', { ready: 0 }),
    status('SuccessCriteriaMet Complete'),
  ],
])('accepts %s', (_title, next, before, spec) => {
  expect(refusals(next, before, spec)).toEqual([]);
});

const NEGATIVE = 'Invalid value: -1: must be greater than or equal to 0';
const LOST = (type: string) => `conditions: Invalid value: cannot disable the terminal ${type}=True condition`;

describe('refuses', () => {
  test.each<[string, string[], JsonObject, JsonObject?, JsonObject?]>([
    [
      'negative counts',
      ['active', 'succeeded', 'failed', 'ready', 'terminating'].map((field) => `${field}: ${NEGATIVE}`),
      { active: -1, succeeded: -1, failed: -1, ready: -1, terminating: -1 },
      { succeeded: -1, failed: -1 },
    ],
    [
      'uncounted pods that are empty or repeated',
      [
        'uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
        'uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      ],
      { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a', 'b'] } },
    ],
    [
      'both ends',
      [
        'conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
        'conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
        'conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
        'conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
      ],
      status('SuccessCriteriaMet Complete FailureTarget Failed', { startTime: START, completionTime: END }),
    ],
    [
      'a time of completion without completion',
      [`completionTime: Invalid value: "${END}": cannot set completionTime when there is no Complete=True condition`],
      { startTime: START, completionTime: END },
    ],
    [
      'completion without its time',
      ['completionTime: Required value: completionTime is required for Complete jobs'],
      status('SuccessCriteriaMet Complete', { startTime: START }),
    ],
    [
      'a completion before the start',
      [`completionTime: Invalid value: "${START}": must be equal to or after \`startTime\``],
      status('SuccessCriteriaMet Complete', { startTime: END, completionTime: START }),
    ],
    [
      'a failure without its reason',
      ['conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition'],
      status('Failed', { startTime: START }),
    ],
    [
      'completion without its reason',
      ['conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition'],
      status('Complete', { startTime: START, completionTime: END }),
    ],
    [
      'completion without the reason that a success policy requires, also when it was there before',
      ['conditions: Invalid value: cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'],
      status('Complete', { startTime: START, completionTime: END }),
      status('Complete', { startTime: START, completionTime: END }),
      { successPolicy: { rules: [] } },
    ],
    [
      'active pods of a finished Job',
      ['active: Invalid value: 2: active>0 is invalid for finished job'],
      { ...failed, active: 2 },
    ],
    [
      'a finished Job without a start',
      ['startTime: Required value: startTime is required for finished job'],
      status('FailureTarget Failed'),
    ],
    [
      'uncounted pods of a finished Job',
      ['uncountedTerminatedPods: Invalid value: {"Succeeded":["a"],"Failed":null}: must be empty for finished job'],
      { ...failed, uncountedTerminatedPods: { succeeded: ['a'] } },
    ],
    [
      'terminating pods of a finished Job',
      ['terminating: Invalid value: 1: terminating>0 is invalid for finished job'],
      { ...failed, terminating: 1 },
    ],
    [
      'more ready than active pods',
      ['ready: Invalid value: 2: cannot set more ready pods than active'],
      { active: 1, ready: 2 },
    ],
    [
      'completed indexes that cannot be read',
      ['completedIndexes: Invalid value: "0-9": error parsing completedIndexes: too large index: "9"'],
      { completedIndexes: '0-9' },
      {},
      INDEXED,
    ],
    [
      'failed indexes that cannot be read',
      [
        'failedIndexes: Invalid value: "x": error parsing failedIndexes: cannot convert string to integer for index: "x"',
      ],
      { failedIndexes: 'x' },
      {},
      LIMITED,
    ],
    [
      'indexes of a Job without indexes',
      [
        'completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
        'failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ],
      { completedIndexes: '0', failedIndexes: '' },
    ],
    [
      'an index that has succeeded and failed',
      ['failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1'],
      { completedIndexes: '0,1', failedIndexes: '1' },
      {},
      LIMITED,
    ],
    ['the end of a failure', [LOST('Failed'), LOST('FailureTarget')], status('!Failed', { startTime: START }), failed],
    [
      'the end of completion',
      [LOST('Complete'), 'conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition'],
      { startTime: START },
      complete,
    ],
    [
      'a reason for completion after the completion',
      ['conditions: Invalid value: cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'],
      complete,
      status('Complete', { startTime: START, completionTime: END }),
    ],
    [
      'counts that decrease',
      [
        'failed: Invalid value: 1: cannot decrease the failed counter',
        'succeeded: Invalid value: 0: cannot decrease the succeeded counter',
      ],
      { failed: 1 },
      { failed: 2, succeeded: 1 },
    ],
    [
      'another time of completion',
      [`completionTime: Invalid value: "${START}": field is immutable`],
      { ...complete, completionTime: START },
      complete,
    ],
    [
      'another start',
      [`startTime: Invalid value: "${END}": field is immutable for unsuspended job once set`],
      { startTime: END },
      { startTime: START },
    ],
    [
      'another start of a Job that is still suspended by its condition',
      [`startTime: Invalid value: "${END}": field is immutable for unsuspended job once set`],
      status('Suspended', { startTime: END }),
      status('Suspended', { startTime: START }),
    ],
    [
      'the removal of the start',
      ['startTime: Invalid value: null: field is immutable for unsuspended job once set'],
      {},
      { startTime: START },
    ],
  ])('%s', (_title, expected, next, before, spec) => {
    expect(refusals(next, before, spec)).toEqual(expected);
  });
});
