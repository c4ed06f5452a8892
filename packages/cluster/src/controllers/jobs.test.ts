import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const JOB = 'batch/v1 Job';

const template = (annotations: Record<string, string> = {}, restartPolicy = 'Never'): JsonObject => ({
  metadata: { annotations },
  spec: { restartPolicy, containers: [{ name: 'c', image: 'i' }] },
});

const job = (spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j' },
  spec: { template: template(annotations), ...spec },
});

const lasting = (seconds: number) => ({ 'typekro.dev/simulate-run-seconds': String(seconds) });
const failing = { 'typekro.dev/simulate-failure': 'Error' };

const conditionsOf = ({ status }: KubeObject) =>
  ((status?.['conditions'] ?? []) as { type: string; status: string; reason: string }[]).map(
    ({ type, status: value, reason }) => `${type}=${value} ${reason}`,
  );

describe('a Job', () => {
  test('runs as many pods at a time as its parallelism allows, until all have succeeded', async () => {
    await using story = await startClusterStory();
    await story.create(job({ completions: 5, parallelism: 2 }, lasting(10)));
    const progress: unknown[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { status } = await story.get(JOB, 'j');
      progress.push([status?.['active'] ?? 0, status?.['succeeded'] ?? 0]);
      await story.advance(10);
    }
    expect(progress).toEqual([
      [2, 0],
      [2, 2],
      [1, 4],
      [0, 5],
    ]);
    expect(conditionsOf(await story.get(JOB, 'j'))).toEqual([
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
  });

  test('counts an ended pod that a client deletes', async () => {
    await using story = await startClusterStory();
    await story.create(job({ completions: 2, parallelism: 1 }, lasting(10)));
    await story.advance(10);
    const [first] = (await story.list('v1 Pod')).filter(({ status }) => status?.['phase'] === 'Succeeded');
    await story.remove('v1 Pod', first?.metadata.name ?? '');
    await story.advance(10);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ succeeded: 2 });
  });

  test('gives each pod an index if its completionMode is Indexed', async () => {
    await using story = await startClusterStory();
    await story.create(job({ completions: 3, parallelism: 2, completionMode: 'Indexed' }, lasting(10)));
    const indexes = async () =>
      (await story.list('v1 Pod')).map(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-completion-index']);
    expect((await indexes()).map(String).toSorted()).toEqual(['0', '1']);
    await story.advance(10);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ completedIndexes: '0,1', active: 1 });
    await story.advance(10);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ completedIndexes: '0-2', succeeded: 3 });
  });

  test('replaces a failing pod after increasing pauses, and fails at the limit', async () => {
    await using story = await startClusterStory();
    await story.create(job({ backoffLimit: 2 }, failing));
    const failed = async () => (await story.get(JOB, 'j')).status?.['failed'];
    const counts = [await failed()];
    for (const seconds of [9, 1, 19, 1]) {
      await story.advance(seconds);
      counts.push(await failed());
    }
    expect(counts).toEqual([1, 1, 2, 2, 3]);
    expect(conditionsOf(await story.get(JOB, 'j'))).toEqual([
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    expect(await story.reasons('j')).toContain('BackoffLimitExceeded');
  });

  test('counts container restarts against the limit', async () => {
    await using story = await startClusterStory();
    await story.create(job({ backoffLimit: 2, template: template(failing, 'OnFailure') }));
    await story.advance(10);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ active: 1 });
    await story.advance(20);
    expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Failed=True BackoffLimitExceeded');
    expect(await story.names('v1 Pod')).toEqual([]);
  });

  test('fails at its deadline', async () => {
    await using story = await startClusterStory();
    await story.create(job({ activeDeadlineSeconds: 60 }, lasting(3600)));
    await story.advance(59);
    expect(conditionsOf(await story.get(JOB, 'j'))).toEqual([]);
    await story.advance(1);
    expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Failed=True DeadlineExceeded');
  });

  test('reports its status and ends at its deadline while the API refuses a pod', async () => {
    await using story = await startClusterStory();
    const spec = { hard: { 'count/pods': '1' } };
    await story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec });
    await story.create(job({ completions: 2, parallelism: 2, activeDeadlineSeconds: 60 }, lasting(10)));
    expect((await story.get(JOB, 'j')).status).toMatchObject({ startTime: '2026-01-01T12:00:00Z', active: 1 });
    await story.advance(10);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ succeeded: 1 });
    const refused = (await story.list('v1 Event')).filter(({ reason }) => reason === 'FailedCreate');
    expect(refused.map(({ message }) => String(message))).toEqual([
      expect.stringMatching(/^Error creating: pods "j-\w+" is forbidden: exceeded quota: q/),
    ]);
    await story.advance(50);
    expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Failed=True DeadlineExceeded');
  });

  test('fails immediately when its failure policy requires it', async () => {
    await using story = await startClusterStory();
    const rules = [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
      { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [1, 42] } },
    ];
    await story.create(job({ backoffLimit: 6, podFailurePolicy: { rules } }, failing));
    const ended = await story.get(JOB, 'j');
    expect(conditionsOf(ended)).toEqual(['FailureTarget=True PodFailurePolicy', 'Failed=True PodFailurePolicy']);
    expect(JSON.stringify(ended.status)).toMatch(
      /Container c for pod default\/j-\w+ failed with exit code 1 matching FailJob rule at index 1/,
    );
    expect(ended.status).toMatchObject({ failed: 1 });
  });

  test('does not count failures that its failure policy ignores', async () => {
    await using story = await startClusterStory();
    const rules = [{ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [42] } }];
    await story.create(job({ backoffLimit: 0, podFailurePolicy: { rules } }, failing));
    const { status } = await story.get(JOB, 'j');
    expect(status?.['failed']).toBeUndefined();
    expect(status?.['conditions']).toBeUndefined();
    // The Job creates the pod again after increasing pauses.
    await story.advance(10);
    expect(await story.list('v1 Pod')).toHaveLength(2);
    await story.advance(19);
    expect(await story.list('v1 Pod')).toHaveLength(2);
    await story.advance(1);
    expect(await story.list('v1 Pod')).toHaveLength(3);
  });

  test('is complete when enough indexes of its success policy have succeeded', async () => {
    await using story = await startClusterStory();
    const successPolicy = { rules: [{ succeededIndexes: '0-1', succeededCount: 1 }] };
    const spec = { completions: 5, parallelism: 1, completionMode: 'Indexed', successPolicy };
    await story.create(job(spec, lasting(10)));
    await story.advance(10);
    expect(conditionsOf(await story.get(JOB, 'j'))).toEqual([
      'SuccessCriteriaMet=True SuccessPolicy',
      'Complete=True SuccessPolicy',
    ]);
    expect((await story.get(JOB, 'j')).status).toMatchObject({ succeeded: 1, completedIndexes: '0' });
  });

  describe('with a limit per index', () => {
    const INDEX = 'batch.kubernetes.io/job-completion-index';
    const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
    const indexed = (spec: JsonObject): JsonObject => ({
      completions: 2,
      parallelism: 2,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 1,
      ...spec,
    });
    /** Returns the index of each pod and the number of earlier failures of this index, as `index:failures`. */
    const pods = async (story: Awaited<ReturnType<typeof startClusterStory>>) =>
      (await story.list('v1 Pod'))
        .map(({ metadata: { annotations } }) => `${annotations?.[INDEX]}:${annotations?.[FAILURES]}`)
        .toSorted();

    test('retries each index after its own pauses, and marks the index as failed at the limit', async () => {
      await using story = await startClusterStory();
      await story.create(job(indexed({}), failing));
      expect((await story.get(JOB, 'j')).spec).toMatchObject({ backoffLimit: 2_147_483_647 });
      expect(await pods(story)).toEqual(['0:0', '1:0']);
      await story.advance(9);
      // The Job counts a failed pod only when the next pod of its index exists.
      expect((await story.get(JOB, 'j')).status).toMatchObject({ failedIndexes: '' });
      expect((await story.get(JOB, 'j')).status?.['failed']).toBeUndefined();
      await story.advance(1);
      expect(await pods(story)).toEqual(['0:0', '0:1', '1:0', '1:1']);
      const ended = await story.get(JOB, 'j');
      expect(ended.status).toMatchObject({ failed: 4, failedIndexes: '0,1' });
      expect(conditionsOf(ended)).toEqual(['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes']);
    });

    test('continues with the other indexes when one has failed, and fails after they have ended', async () => {
      await using story = await startClusterStory();
      await story.create(job(indexed({ completions: 3, parallelism: 1, backoffLimitPerIndex: 0 }), lasting(10)));
      const [first] = await story.list('v1 Pod');
      const pod = { apiVersion: 'v1', kind: 'Pod', name: first?.metadata.name ?? '', namespace: 'default' };
      await story.client.patch(pod, { status: { phase: 'Failed' } }, { subresource: 'status' });
      for (let round = 0; round < 2; round += 1) await story.advance(10);
      const { status } = await story.get(JOB, 'j');
      expect(status).toMatchObject({ failedIndexes: '0', completedIndexes: '1,2', failed: 1, succeeded: 2 });
      expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Failed=True FailedIndexes');
    });

    test('fails immediately when more indexes have failed than maxFailedIndexes allows', async () => {
      await using story = await startClusterStory();
      const spec = indexed({ completions: 4, parallelism: 1, backoffLimitPerIndex: 0, maxFailedIndexes: 1 });
      await story.create(job(spec, failing));
      const ended = await story.get(JOB, 'j');
      expect(ended.status).toMatchObject({ failedIndexes: '0,1', failed: 2 });
      expect(conditionsOf(ended)).toContain('Failed=True MaxFailedIndexesExceeded');
    });

    test('fails an index when its failure policy requires it', async () => {
      await using story = await startClusterStory();
      const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }];
      const spec = indexed({ backoffLimitPerIndex: 5, podFailurePolicy: { rules } });
      await story.create(job(spec, failing));
      expect((await story.get(JOB, 'j')).status).toMatchObject({ failedIndexes: '0,1' });
    });

    test.each<[string, JsonObject, string]>([
      [
        'a maximum of failed indexes without a limit per index',
        { completions: 2, completionMode: 'Indexed', maxFailedIndexes: 1 },
        'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
      ],
      [
        'a limit per index for a Job without indexes',
        { backoffLimitPerIndex: 1 },
        'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      ],
      [
        'a maximum of failed indexes above the number of completions',
        indexed({ maxFailedIndexes: 3 }),
        'spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions',
      ],
      [
        'indexes without a number of completions',
        { completionMode: 'Indexed', parallelism: 1 },
        'spec.completions: Required value: when completion mode is Indexed',
      ],
      [
        'very many completions without a maximum of failed indexes',
        indexed({ completions: 100_001 }),
        'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      ],
    ])('refuses %s', async (_, spec, text) => {
      await using story = await startClusterStory();
      await expect(story.create(job(spec))).rejects.toThrow(text);
    });
  });

  test('deletes its pods when it is suspended, and creates new pods when it is resumed', async () => {
    await using story = await startClusterStory();
    await story.create(job({}, lasting(60)));
    await story.patch(JOB, 'j', { spec: { suspend: true } });
    expect(await story.names('v1 Pod')).toEqual([]);
    const suspended = await story.get(JOB, 'j');
    expect(conditionsOf(suspended)).toEqual(['Suspended=True JobSuspended']);
    expect(suspended.status?.['startTime']).toBeUndefined();
    await story.patch(JOB, 'j', { spec: { suspend: false } });
    expect(conditionsOf(await story.get(JOB, 'j'))).toEqual(['Suspended=False JobResumed']);
    await story.advance(60);
    expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Complete=True CompletionsReached');
  });

  test('is deleted with its pods when its time to live is over', async () => {
    await using story = await startClusterStory();
    await story.create(job({ ttlSecondsAfterFinished: 100 }));
    await story.advance(99);
    expect(await story.names(JOB)).toEqual(['j']);
    await story.advance(1);
    expect(await story.names(JOB)).toEqual([]);
    expect(await story.names('v1 Pod')).toEqual([]);
  });

  test.each(['Background', 'Foreground'] as const)(
    'is deleted with its running pods (%s)',
    async (propagationPolicy) => {
      await using story = await startClusterStory();
      await story.create(job({}, lasting(60)));
      await story.remove(JOB, 'j', { propagationPolicy });
      expect(await story.names(JOB)).toEqual([]);
      expect(await story.names('v1 Pod')).toEqual([]);
    },
  );
});

describe('a long advance of the clock', () => {
  const cronJob = (spec: JsonObject, annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick' },
    spec: {
      schedule: '* * * * *',
      successfulJobsHistoryLimit: 100,
      jobTemplate: { spec: { template: template(annotations) } },
      ...spec,
    },
  });
  const started = async (story: Awaited<ReturnType<typeof startClusterStory>>) =>
    (await story.list(JOB)).map(({ metadata }) => String(metadata.creationTimestamp).slice(11, 19)).toSorted();

  test('starts each run of a CronJob at its time', async () => {
    await using story = await startClusterStory();
    await story.create(cronJob({}, lasting(30)));
    await story.advance(5 * 60);
    expect(await started(story)).toEqual(['12:01:00', '12:02:00', '12:03:00', '12:04:00', '12:05:00']);
    expect((await story.list(JOB)).map(({ status }) => String(status?.['completionTime'] ?? '-').slice(11))).toEqual([
      '12:01:30Z',
      '12:02:30Z',
      '12:03:30Z',
      '12:04:30Z',
      '',
    ]);
  });

  test('respects the concurrencyPolicy of a CronJob', async () => {
    await using story = await startClusterStory();
    await story.create(cronJob({ concurrencyPolicy: 'Forbid' }, lasting(90)));
    await story.advance(5 * 60);
    // After the end of a run, the missed run starts, as in Kubernetes.
    expect(await started(story)).toEqual(['12:01:00', '12:02:30', '12:04:00']);
  });

  test('ends a Job at the simulated time at which its pod ends, and the TTL of the Job begins at that time', async () => {
    await using story = await startClusterStory();
    await story.create(job({ ttlSecondsAfterFinished: 60 }, lasting(30)));
    await story.advance(89);
    expect((await story.get(JOB, 'j')).status?.['completionTime']).toBe('2026-01-01T12:00:30Z');
    await story.advance(1);
    expect(await story.names(JOB)).toEqual([]);
  });

  test('also runs controllers whose writes a policy checks', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'any' },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
        },
        validations: [{ expression: 'true' }],
      },
    });
    await story.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'any' },
      spec: { policyName: 'any', validationActions: ['Deny'] },
    });
    await story.create(cronJob({}));
    await story.advance(3 * 60);
    expect(await started(story)).toEqual(['12:01:00', '12:02:00', '12:03:00']);
  });
});

test('a Job of many pods waits a second between them when 100 have succeeded', async () => {
  await using story = await startClusterStory();
  await story.create(job({ completions: 1_000_000, parallelism: 10 }));
  const succeeded = async () => (await story.get('batch/v1 Job', 'j')).status?.['succeeded'];
  expect(await succeeded()).toBe(100);
  await story.advance(1);
  expect(await succeeded()).toBe(110);
  await story.advance(3);
  expect(await succeeded()).toBe(140);
});

test.each<[string, JsonObject, Record<string, string>, JsonObject, JsonObject]>([
  ['is completed', {}, lasting(10), {}, { succeeded: 350, terminating: 0, ready: 0 }],
  ['is suspended', {}, lasting(1000), { suspend: true }, { terminating: 0, ready: 0 }],
  ['fails at its deadline', { activeDeadlineSeconds: 5 }, lasting(1000), {}, { failed: 350, terminating: 0, ready: 0 }],
])('a Job of more pods than one pass changes %s', async (_, spec, annotations, change, expected) => {
  await using story = await startClusterStory();
  await story.create(job({ completions: 350, parallelism: 350, ...spec }, annotations));
  expect((await story.get(JOB, 'j')).status).toMatchObject({ active: 350, ready: 350 });
  await story.patch(JOB, 'j', { spec: change });
  await story.advance(20);
  const { status } = await story.get(JOB, 'j');
  expect(status).toMatchObject(expected);
  expect(status).not.toHaveProperty('active');
  expect((await story.list('v1 Pod')).filter((pod) => pod.metadata.finalizers !== undefined)).toEqual([]);
});
