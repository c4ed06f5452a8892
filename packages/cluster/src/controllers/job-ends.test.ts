import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const JOB = 'batch/v1 Job';

/** Returns a Job whose pods run for some seconds. */
const job = (spec: JsonObject, seconds: number): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j' },
  spec: {
    template: {
      metadata: { annotations: { 'typekro.dev/simulate-run-seconds': String(seconds) } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
    },
    ...spec,
  },
});

const conditionsOf = ({ status }: KubeObject) =>
  ((status?.['conditions'] ?? []) as { type: string; status: string; reason: string }[]).map(
    ({ type, status: value, reason }) => `${type}=${value} ${reason}`,
  );

test('a Job does not count pods as failed that it deletes because it is suspended or needs fewer pods', async () => {
  await using story = await startClusterStory({ podStopSeconds: 5 });
  await story.create(job({ parallelism: 3, completions: 3 }, 60));
  await story.patch(JOB, 'j', { spec: { parallelism: 1 } });
  await story.patch(JOB, 'j', { spec: { suspend: true } });
  expect((await story.get(JOB, 'j')).status).toMatchObject({ terminating: 3 });
  await story.advance(5);
  const { status } = await story.get(JOB, 'j');
  expect([status?.['failed'], status?.['terminating'], await story.names('v1 Pod')]).toEqual([undefined, 0, []]);
});

describe('a Job ends when its last pod has ended', () => {
  test('and reports the reason of its failure before that', async () => {
    await using story = await startClusterStory({ podStopSeconds: 5 });
    await story.create(job({ activeDeadlineSeconds: 60 }, 3600));
    await story.advance(60);
    const ending = await story.get(JOB, 'j');
    expect(conditionsOf(ending)).toEqual(['FailureTarget=True DeadlineExceeded']);
    // The pods that the Job deletes count as failed immediately.
    expect(ending.status).toMatchObject({ failed: 1, terminating: 1 });
    expect(await story.reasons('j')).not.toContain('DeadlineExceeded');
    await story.advance(5);
    const ended = await story.get(JOB, 'j');
    expect(conditionsOf(ended)).toEqual(['FailureTarget=True DeadlineExceeded', 'Failed=True DeadlineExceeded']);
    expect(ended.status).toMatchObject({ failed: 1, terminating: 0 });
    expect(await story.reasons('j')).toContain('DeadlineExceeded');
  });

  test('and reports the reason of its success before that', async () => {
    await using story = await startClusterStory({ podStopSeconds: 5 });
    const successPolicy = { rules: [{ succeededIndexes: '0' }] };
    const spec = { completions: 2, parallelism: 2, completionMode: 'Indexed', successPolicy };
    await story.create(job(spec, 3600));
    const [first] = (await story.list('v1 Pod')).toSorted((a, b) =>
      String(a.metadata.name).localeCompare(String(b.metadata.name)),
    );
    const pod = { apiVersion: 'v1', kind: 'Pod', name: first?.metadata.name ?? '', namespace: 'default' };
    await story.client.patch(pod, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
    await story.cluster.idle();
    const ending = await story.get(JOB, 'j');
    expect(conditionsOf(ending)).toEqual(['SuccessCriteriaMet=True SuccessPolicy']);
    expect([ending.status?.['completionTime'], ending.status?.['terminating']]).toEqual([undefined, 1]);
    await story.advance(5);
    const { status } = await story.get(JOB, 'j');
    expect(conditionsOf(await story.get(JOB, 'j'))).toContain('Complete=True SuccessPolicy');
    expect([status?.['completionTime'], status?.['failed']]).toEqual(['2026-01-01T12:00:05Z', undefined]);
  });

  test('and the end takes two writes, even when no pod remains', async () => {
    await using story = await startClusterStory();
    const { metadata } = await story.create(job({}, 10));
    await story.advance(10);
    const seen: string[][] = [];
    const from = { namespace: 'default', resourceVersion: metadata.resourceVersion ?? '' };
    for await (const event of story.client.watch({ apiVersion: 'batch/v1', kind: 'Job' }, from)) {
      if (event.type === 'MODIFIED') seen.push(conditionsOf(event.object));
      if (seen.at(-1)?.length === 2) break;
    }
    expect(seen.slice(-2)).toEqual([
      ['SuccessCriteriaMet=True CompletionsReached'],
      ['SuccessCriteriaMet=True CompletionsReached', 'Complete=True CompletionsReached'],
    ]);
  });
});

test.each([
  ['TerminatingOrFailed', [{ failed: 1 }, { failed: 1, active: 1, terminating: 1 }, { failed: 1, active: 1 }]],
  ['Failed', [{}, { terminating: 1 }, { failed: 1, active: 1 }]],
])(
  'podReplacementPolicy %s decides when a Job counts a deleted pod as failed, and when it replaces the pod',
  async (podReplacementPolicy, [first, second, third]) => {
    await using story = await startClusterStory({ podStopSeconds: 15 });
    await story.create(job({ podReplacementPolicy }, 3600));
    const counts = async () => {
      const { status = {} } = await story.get(JOB, 'j');
      return Object.fromEntries(
        ['failed', 'active', 'terminating'].flatMap((key) =>
          Number(status[key] ?? 0) > 0 ? [[key, status[key]]] : [],
        ),
      );
    };
    const [pod] = await story.names('v1 Pod');
    await story.remove('v1 Pod', pod ?? '');
    expect(await counts()).toEqual({ terminating: 1, ...first });
    // The pod takes 15 seconds to end. After a failure, the Job waits for ten seconds before it creates another pod.
    await story.advance(12);
    expect(await counts()).toEqual(second);
    await story.advance(13);
    expect(await counts()).toEqual(third);
  },
);

test('a Job that another controller manages is not changed', async () => {
  await using story = await startClusterStory();
  await story.create(job({ managedBy: 'example.com/controller' }, 1));
  expect([await story.names('v1 Pod'), (await story.get(JOB, 'j')).status]).toEqual([[], {}]);
  await story.remove(JOB, 'j', { propagationPolicy: 'Background' });
  await story.create(job({ managedBy: 'kubernetes.io/job-controller' }, 1));
  expect(await story.names('v1 Pod')).toHaveLength(1);
});
