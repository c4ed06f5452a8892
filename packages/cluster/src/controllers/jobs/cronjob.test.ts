import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';

const JOB = 'batch/v1 Job';

const template = (annotations: Record<string, string> = {}): JsonObject => ({
  metadata: { annotations },
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
});

const job = (spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j' },
  spec: { template: template(), ...spec },
});

const lasting = (seconds: number) => ({ 'typekro.dev/simulate-run-seconds': String(seconds) });

describe('a CronJob', () => {
  const CRON = 'batch/v1 CronJob';
  const cron = (spec: JsonObject = {}, annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c' },
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template(annotations) } }, ...spec },
  });

  test('creates a Job at each time of its schedule, by the clock of the cluster', async () => {
    await using story = await startClusterStory();
    await story.create(cron());
    await story.advance(299);
    expect(await story.names(JOB)).toEqual([]);
    await story.advance(1);
    expect(await story.names(JOB)).toHaveLength(1);
    expect((await story.get(CRON, 'c')).status).toEqual({
      lastScheduleTime: '2026-01-01T12:05:00Z',
      lastSuccessfulTime: '2026-01-01T12:05:00Z',
    });
    const [made] = await story.list(JOB);
    expect(made?.metadata.annotations).toMatchObject({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T12:05:00Z',
    });
  });

  test('keeps successfulJobsHistoryLimit finished Jobs', async () => {
    await using story = await startClusterStory();
    await story.create(cron({ successfulJobsHistoryLimit: 2 }));
    for (let round = 0; round < 5; round += 1) await story.advance(300);
    expect(await story.names(JOB)).toHaveLength(2);
    expect(await story.names('v1 Pod')).toHaveLength(2);
  });

  test.each([
    ['Allow', 2],
    ['Forbid', 1],
    ['Replace', 1],
  ])('with the policy %s has %d Jobs running', async (concurrencyPolicy, running) => {
    await using story = await startClusterStory();
    await story.create(cron({ concurrencyPolicy }, lasting(400)));
    await story.advance(300);
    const [first] = await story.names(JOB);
    await story.advance(300);
    const names = await story.names(JOB);
    expect(names).toHaveLength(running);
    expect(names.includes(first ?? '')).toBe(concurrencyPolicy !== 'Replace');
  });

  test('updates its status for Jobs that it controls but has not created, and for Jobs that are gone', async () => {
    await using story = await startClusterStory();
    const { metadata } = await story.create(cron({}, lasting(1000)));
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: metadata.uid ?? '', controller: true };
    await story.create({ ...job(), metadata: { name: 'own', ownerReferences: [owner] } });
    expect((await story.get(CRON, 'c')).status).toEqual({ lastSuccessfulTime: '2026-01-01T12:00:00Z' });
    await story.advance(300);
    const [name = ''] = (await story.names(JOB)).filter((each) => each !== 'own');
    await story.remove(JOB, name, { propagationPolicy: 'Background' });
    expect((await story.get(CRON, 'c')).status?.['active']).toBeUndefined();
    expect(await story.reasons('c')).toContain('MissingJob');
  });

  test.each([
    ['Europe/Berlin', '2026-01-01T13:05:00+01:00'],
    ['Asia/Kolkata', '2026-01-01T17:35:00+05:30'],
    ['America/St_Johns', '2026-01-01T08:35:00-03:30'],
    ['Europe/London', '2026-01-01T12:05:00Z'],
    ['Etc/UTC', '2026-01-01T12:05:00Z'],
  ])('writes the scheduled time in the zone %s', async (timeZone, expected) => {
    await using story = await startClusterStory();
    await story.create(cron({ timeZone }));
    await story.advance(300);
    const [made] = await story.list(JOB);
    expect(made?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']).toBe(expected);
  });

  test('creates one Job for all missed times, and none after the starting deadline', async () => {
    await using story = await startClusterStory();
    await story.create(cron({ suspend: true, startingDeadlineSeconds: 60 }));
    await story.advance(3600 + 120);
    await story.patch(CRON, 'c', { spec: { suspend: false } });
    expect(await story.names(JOB)).toEqual([]);
    await story.patch(CRON, 'c', { spec: { startingDeadlineSeconds: 600 } });
    expect(await story.names(JOB)).toHaveLength(1);
  });

  /** Returns the events about the CronJob, sorted by their text. */
  const eventsOf = async (story: Awaited<ReturnType<typeof startClusterStory>>) =>
    (await story.list('v1 Event'))
      .filter((event) => (event['involvedObject'] as JsonObject)['kind'] === 'CronJob')
      .map((event) => [event['type'], event['reason'], event['message']].map(String).join(' '))
      .toSorted();

  test('warns about a running Job that it controls but has not started', async () => {
    await using story = await startClusterStory();
    const { metadata } = await story.create(cron());
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: metadata.uid ?? '', controller: true };
    const own = job({ template: template(lasting(10)) });
    await story.create({ ...own, metadata: { name: 'own', ownerReferences: [owner] } });
    expect(await eventsOf(story)).toEqual([
      'Warning UnexpectedJob Saw a job that the controller did not create or forgot: own',
    ]);
  });

  test('reports the Job that it replaces', async () => {
    await using story = await startClusterStory();
    await story.create(cron({ concurrencyPolicy: 'Replace' }, lasting(400)));
    await story.advance(600);
    expect(await eventsOf(story)).toEqual([
      'Normal SuccessfulCreate Created job c-29454485',
      'Normal SuccessfulCreate Created job c-29454490',
      'Normal SuccessfulDelete Deleted job c-29454485',
    ]);
  });

  test.each([
    [100, false],
    [101, true],
  ])('after %d missed times it warns: %s', async (missed, warns) => {
    await using story = await startClusterStory();
    await story.create(cron({ suspend: true }));
    await story.advance(300 * missed);
    await story.patch(CRON, 'c', { spec: { suspend: false } });
    expect(await story.names(JOB)).toHaveLength(1);
    expect((await story.reasons('c')).includes('TooManyMissedTimes')).toBe(warns);
  });

  test('warns about a schedule that is never due', async () => {
    await using story = await startClusterStory();
    await story.create(cron({ schedule: '59 23 31 2 *' }));
    expect(await eventsOf(story)).toEqual([
      'Warning InvalidSchedule invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second',
    ]);
  });

  test('reports a Job that the API refuses, and starts it when the API accepts it', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { 'count/jobs.batch': '0' } },
    });
    await story.create(cron());
    await story.advance(300);
    expect(await eventsOf(story)).toEqual([
      'Warning FailedCreate Error creating job: jobs.batch "c-29454485" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0',
    ]);
    await story.patch('v1 ResourceQuota', 'q', { spec: { hard: { 'count/jobs.batch': '1' } } });
    await story.advance(1);
    expect(await story.names(JOB)).toEqual(['c-29454485']);
  });

  test('skips a time when another Job already has the name for this time', async () => {
    await using story = await startClusterStory();
    await story.create({ ...job(), metadata: { name: 'c-29454485' } });
    await story.create(cron());
    await story.advance(300);
    expect(await eventsOf(story)).toEqual([]);
    expect((await story.get(CRON, 'c')).status).toEqual({});
    await story.advance(300);
    expect(await story.names(JOB)).toEqual(['c-29454485', 'c-29454490']);
  });

  test('updates its list of Jobs while a finalizer delays its deletion', async () => {
    await using story = await startClusterStory();
    await story.create({ ...cron({}, lasting(1000)), metadata: { name: 'c', finalizers: ['example.com/hold'] } });
    await story.advance(300);
    await story.remove(CRON, 'c', { propagationPolicy: 'Orphan' });
    await story.remove(JOB, 'c-29454485', { propagationPolicy: 'Background' });
    expect((await story.get(CRON, 'c')).status).toEqual({ lastScheduleTime: '2026-01-01T12:05:00Z' });
    await story.advance(300);
    expect(await story.names(JOB)).toEqual([]);
  });
});
