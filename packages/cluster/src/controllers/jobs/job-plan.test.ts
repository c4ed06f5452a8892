import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { planJob, tallyOf } from './job-plan.ts';

const INDEX = 'batch.kubernetes.io/job-completion-index';
const job = (spec: JsonObject, status: JsonObject = {}, restartPolicy = 'Never'): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'default' },
  spec: { template: { spec: { restartPolicy } }, ...spec },
  status,
});
const pod = (index: number, phase: string, status: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `j-${index}`,
    finalizers: ['batch.kubernetes.io/job-tracking'],
    annotations: { [INDEX]: String(index) },
    labels: { [INDEX]: String(index) },
  },
  status: { phase, ...status },
});
const planned = (from: KubeObject, pods: readonly KubeObject[]) => planJob(from, tallyOf(from, pods), 0);

test('after its completions are reduced, an indexed Job needs the remaining indexes', () => {
  const reduced = job({ completionMode: 'Indexed', completions: 3, parallelism: 3 }, { completedIndexes: '2-4' });
  const tally = tallyOf(reduced, []);
  expect([tally.succeeded, tally.completedIndexes]).toEqual([1, '2']);
  expect(planned(reduced, [])).toMatchObject({ create: [0, 1], final: undefined });
});

test('after its completions are reduced, an indexed Job removes the pods of the other indexes', () => {
  const reduced = job({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
  const pods = [1, 2, 3, 4, 0].map((index) => pod(index, 'Running'));
  expect(planned(reduced, pods).remove.map(({ metadata }) => metadata.name)).toEqual(['j-3', 'j-4']);
});

const endedPod = (name: number, phase: string, finishedAt: string): KubeObject =>
  pod(name, phase, { containerStatuses: [{ name: 'c', state: { terminated: { finishedAt } } }] });

test.each<[string, readonly KubeObject[], readonly [created: number, pauseMs: number | undefined]]>([
  [
    'after a failure and a later success, without a pause',
    [endedPod(0, 'Failed', '1970-01-01T00:00:00Z'), endedPod(1, 'Succeeded', '1970-01-01T00:00:01Z')],
    [1, undefined],
  ],
  [
    'after a success and a later failure, with the pause of one failure',
    [
      endedPod(0, 'Failed', '1970-01-01T00:00:00Z'),
      endedPod(1, 'Succeeded', '1970-01-01T00:00:01Z'),
      endedPod(2, 'Failed', '1970-01-01T00:00:02Z'),
    ],
    [0, 12_000],
  ],
])('the next pod of a Job is created %s', (_, pods, expected) => {
  const { create, replanInMs } = planned(job({ completions: 5, parallelism: 1 }), pods);
  expect([create.length, replanInMs]).toEqual(expected);
});

test.each<[string, string, boolean]>([
  ['of init containers count towards the backoff limit if the containers of the pods restart', 'OnFailure', true],
  ['of sidecars do not count towards the backoff limit if the containers of the pods do not restart', 'Never', false],
])('restarts %s', (_, restartPolicy, isFailed) => {
  const limited = job({ backoffLimit: 2 }, {}, restartPolicy);
  const restarted = pod(0, 'Pending', { initContainerStatuses: [{ name: 'i', restartCount: 2 }] });
  expect(planned(limited, [restarted]).final?.reason).toBe(isFailed ? 'BackoffLimitExceeded' : undefined);
});

test.each<[string, JsonObject]>([
  ['completions', { completions: 2_147_483_647, parallelism: 2_147_483_647 }],
  ['parallelism', { parallelism: 2_147_483_647 }],
  ['indexes', { completionMode: 'Indexed', completions: 2_147_483_647, parallelism: 100_000 }],
])('a Job of very many %s plans the pods of one pass', (_, spec) => {
  const { create } = planned(job(spec), []);
  expect(create).toHaveLength(100);
});
