import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { checkJobStatus } from './job-status.ts';
import { Problems } from '../../errors/field-problems.ts';

const START = '2026-01-01T12:00:00Z';
const END = '2026-01-01T12:01:00Z';

/**
 * Builds the status of a Job. `conditions` has the condition types, separated by spaces; `!` before a type means the
 * status False.
 */
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
  const problems = new Problems();
  checkJobStatus(job(next), job(before), problems);
  return problems.map(({ field, message }) => `${field.replace('status.', '')}: ${message}`);
}

test.each<[string, JsonObject, JsonObject?, JsonObject?]>([
  ['valid pod counts', { active: 2, ready: 1, terminating: 1, succeeded: 1, failed: 1, startTime: START }],
  ['a Job that is complete', complete],
  ['a Job that has failed', failed],
  [
    'the completion of a Job whose two conditions are written one after the other',
    complete,
    status('SuccessCriteriaMet', { startTime: START }),
  ],
  [
    'a new start time of a resumed Job',
    status('!Suspended', { startTime: END }),
    status('Suspended', { startTime: START }),
  ],
  ['the removal of the start time of a suspended Job', status('Suspended'), { startTime: START }, { suspend: true }],
  [
    'the completion of a suspended Job that needs no pods and has no start time',
    status('SuccessCriteriaMet Complete', { completionTime: END }),
    {},
    { suspend: true, completions: 0 },
  ],
  [
    'a decreased succeeded counter of an indexed Job whose completions can change',
    { succeeded: 1 },
    { succeeded: 2 },
    { ...INDEXED, parallelism: 3 },
  ],
  ['completed and failed indexes', { completedIndexes: '0', failedIndexes: '1,2' }, {}, LIMITED],
  [
    'unchanged indexes that are not below the completions',
    { active: 1, completedIndexes: '0-9' },
    { completedIndexes: '0-9' },
    INDEXED,
  ],
  [
    'a complete Job that is already stored without a completion time',
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
      'uncounted pods with empty or repeated uids',
      [
        'uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
        'uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      ],
      { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a', 'b'] } },
    ],
    [
      'conditions for both completion and failure',
      [
        'conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
        'conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
        'conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
        'conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
      ],
      status('SuccessCriteriaMet Complete FailureTarget Failed', { startTime: START, completionTime: END }),
    ],
    [
      'a completion time without the condition Complete',
      [`completionTime: Invalid value: "${END}": cannot set completionTime when there is no Complete=True condition`],
      { startTime: START, completionTime: END },
    ],
    [
      'the condition Complete without a completion time',
      ['completionTime: Required value: completionTime is required for Complete jobs'],
      status('SuccessCriteriaMet Complete', { startTime: START }),
    ],
    [
      'a completion time before the start time',
      [`completionTime: Invalid value: "${START}": must be equal to or after \`startTime\``],
      status('SuccessCriteriaMet Complete', { startTime: END, completionTime: START }),
    ],
    [
      'the condition Failed without FailureTarget',
      ['conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition'],
      status('Failed', { startTime: START }),
    ],
    [
      'the condition Complete without SuccessCriteriaMet',
      ['conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition'],
      status('Complete', { startTime: START, completionTime: END }),
    ],
    [
      'the condition Complete without SuccessCriteriaMet for a Job with a success policy, even if the status is unchanged',
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
      'a finished Job without a start time',
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
      'completed indexes that are too large',
      ['completedIndexes: Invalid value: "0-9": error parsing completedIndexes: too large index: "9"'],
      { completedIndexes: '0-9' },
      {},
      INDEXED,
    ],
    [
      'failed indexes that cannot be parsed',
      [
        'failedIndexes: Invalid value: "x": error parsing failedIndexes: cannot convert string to integer for index: "x"',
      ],
      { failedIndexes: 'x' },
      {},
      LIMITED,
    ],
    [
      'index fields of a Job that is not indexed',
      [
        'completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
        'failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ],
      { completedIndexes: '0', failedIndexes: '' },
    ],
    [
      'an index that is both completed and failed',
      ['failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1'],
      { completedIndexes: '0,1', failedIndexes: '1' },
      {},
      LIMITED,
    ],
    [
      'the removal of the conditions Failed and FailureTarget',
      [LOST('Failed'), LOST('FailureTarget')],
      status('!Failed', { startTime: START }),
      failed,
    ],
    [
      'the removal of the conditions Complete and SuccessCriteriaMet',
      [LOST('Complete'), 'conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition'],
      { startTime: START },
      complete,
    ],
    [
      'SuccessCriteriaMet that is added after Complete',
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
      'a changed completion time',
      [`completionTime: Invalid value: "${START}": field is immutable`],
      { ...complete, completionTime: START },
      complete,
    ],
    [
      'a changed start time',
      [`startTime: Invalid value: "${END}": field is immutable for unsuspended job once set`],
      { startTime: END },
      { startTime: START },
    ],
    [
      'a changed start time while the condition Suspended is still True',
      [`startTime: Invalid value: "${END}": field is immutable for unsuspended job once set`],
      status('Suspended', { startTime: END }),
      status('Suspended', { startTime: START }),
    ],
    [
      'the removal of the start time of a running Job',
      ['startTime: Invalid value: null: field is immutable for unsuspended job once set'],
      {},
      { startTime: START },
    ],
  ])('%s', (_title, expected, next, before, spec) => {
    expect(refusals(next, before, spec)).toEqual(expected);
  });
});
