import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { createEmbeddedCluster } from '../cluster.ts';
import { isDnsSubdomain, objectsAt } from '@typekro/kit/kubernetes';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';

const pod = (annotations: Readonly<Record<string, string>> = {}, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    labels: { app: 'web' },
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, value]) => [`typekro.dev/simulate-${name}`, value]),
    ),
  },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }], ...spec },
});

async function log(story: ClusterStory, query = ''): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/p/log${query}`;
  const reply = await story.cluster.transport().request({ method: 'GET', path });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  return text;
}

const messages = async (story: ClusterStory, reason: string) =>
  (await story.list('v1 Event'))
    .filter((event) => event['reason'] === reason)
    .map((event) => `${String(event['type'])}: ${String(event['message'])}`);

const container = async (story: ClusterStory) =>
  objectsAt((await story.get('v1 Pod', 'p')).status, 'containerStatuses')[0];

describe('a pod without rules', () => {
  test('says once, in its log and in an event, that its containers are simulated', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    const text = 'the containers of this pod are simulated: no image is pulled, and no process runs in them';
    expect(await log(story)).toBe(`${text}\n`);
    expect(await messages(story, 'Simulated')).toEqual([`Normal: ${text}`]);
    await story.patch('v1 Pod', 'p', { metadata: { labels: { a: 'b' } } });
    expect(await log(story)).toBe(`${text}\n`);
  });
});

test.each(['-', '.'])(
  'the name of an event is valid, even if the shortened pod name in it ends with %j',
  async (mark) => {
    await using story = await startClusterStory();
    const name = `${'a'.repeat(199)}${mark}b`;
    await story.create({ ...pod(), metadata: { name } });
    const events = (await story.list('v1 Event')).map(({ metadata }) => metadata.name ?? '');
    expect(events.filter((event) => event.startsWith('aaa'))).not.toEqual([]);
    expect(events.filter((event) => !isDnsSubdomain(event))).toEqual([]);
  },
);

describe('the annotations of a pod', () => {
  test('a crash loop by annotation has restarts, exit codes, times and logs', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ 'exit-code': '3', 'run-seconds': '5', log: 'starting\nfailed' }));
    expect(await container(story)).toMatchObject({ ready: true, restartCount: 0 });
    await story.advance(5);
    expect(await container(story)).toMatchObject({
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: {
        terminated: {
          exitCode: 3,
          reason: 'Error',
          startedAt: '2026-01-01T12:00:00Z',
          finishedAt: '2026-01-01T12:00:05Z',
        },
      },
    });
    expect(await log(story, '?previous=true')).toBe('starting\nfailed\n');
    await story.advance(10);
    expect(await container(story)).toMatchObject({
      restartCount: 1,
      state: { running: { startedAt: '2026-01-01T12:00:15Z' } },
      lastState: { terminated: { exitCode: 3, finishedAt: '2026-01-01T12:00:05Z' } },
    });
    expect(await log(story)).toBe('starting\nfailed\n');
    expect(await messages(story, 'BackOff')).toEqual([
      expect.stringMatching(/^Warning: Back-off restarting failed container c in pod p_default\([\w-]{36}\)$/),
    ]);
  });

  test.each([
    ['the containers of a pod', 20, {}, 1, 'l\n'.repeat(3000)],
    ['the runs of a crashing pod', 20, { 'run-seconds': '1', 'exit-code': '1' }, 2, 'l\n'.repeat(3000)],
    ['containers with more than 2 million characters', 20, {}, 1, 'l\n'.repeat(120_000)],
    ['containers that log one long line', 20, {}, 1, 'x'.repeat(240_000)],
  ])('%s share one text', async (_title, count, rules, runs, text) => {
    await using story = await startClusterStory();
    const containers = Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: 'i' }));
    await story.create(pod({ ...rules, log: text }, { containers }));
    await story.advance(100);
    const { logs } = story.cluster.snapshot();
    const kept = logs.flatMap(({ lines, previous = [] }) => [...lines, ...previous]);
    expect(logs.map(({ lines }) => lines.length)).toEqual(Array.from({ length: count }, () => 1));
    expect(kept).toHaveLength(count * runs);
    expect(new Set(kept.map((line) => line.text)).size).toBe(1);
    const [first = '', ...lines] = kept[0]?.text.split('\n') ?? [];
    expect(lines.join('\n').length * count).toBeLessThanOrEqual(2_000_000);
    const isCut = text.length * count > 2_000_000;
    expect(first.startsWith('[typekro: earlier lines are dropped; ')).toBe(isCut);
  });

  test.each([
    ['', 'a\n\nc\n'],
    ['&tailLines=0', ''],
    ['&tailLines=1', 'c\n'],
    ['&tailLines=2', '\nc\n'],
    ['&tailLines=9', 'a\n\nc\n'],
    ['&sinceTime=2026-01-01T12:00:01Z', ''],
    ['&tailLines=2&timestamps=true', '2026-01-01T12:00:00.000000000Z \n2026-01-01T12:00:00.000000000Z c\n'],
  ])('the log of several lines is read with %j', async (query, text) => {
    await using story = await startClusterStory();
    await story.create(pod({ log: 'a\n\nc\n' }));
    expect(await log(story, `?container=c${query}`)).toBe(text);
  });

  test('a container that has not crashed has no previous log', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ log: 'a' }));
    expect(await log(story, '?previous=true')).toContain(
      'previous terminated container \\"c\\" in pod \\"p\\" not found',
    );
  });

  test('a wrong value has no effect, and an event contains the reason', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ 'exit-code': 'three' }));
    const reason = 'typekro.dev/simulate-exit-code has no effect: "three" is not a whole number from 0 to 255';
    expect(await messages(story, 'InvalidSimulation')).toEqual([`Warning: ${reason}`]);
    expect(await container(story)).toMatchObject({ ready: true });
    await story.patch('v1 Pod', 'p', { metadata: { labels: { a: 'b' } } });
    const [event] = (await story.list('v1 Event')).filter((entry) => entry['reason'] === 'InvalidSimulation');
    expect(event?.['count']).toBe(1);
  });
});

describe('the rules of a test', () => {
  test('apply to the pods that they match, take precedence over annotations, and can be removed', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ ready: 'true', log: 'own' }));
    const other = story.cluster.pods.simulate({ labels: { app: 'other' } }, { ready: false });
    const rule = story.cluster.pods.simulate({ namespace: 'default', labels: { app: 'web' } }, { ready: false });
    await story.cluster.idle();
    expect(await container(story)).toMatchObject({ ready: false, state: { running: {} } });
    rule.remove();
    await story.cluster.idle();
    expect(await container(story)).toMatchObject({ ready: true });
    other.remove();
    expect(await log(story)).toBe('own\n');
  });

  test('make a running pod crash', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    await story.advance(3600);
    story.cluster.pods.simulate({ name: 'p' }, { failure: 'OOMKilled', runSeconds: 1 });
    await story.cluster.idle();
    expect(await container(story)).toMatchObject({ ready: true });
    await story.advance(1);
    expect(await container(story)).toMatchObject({
      restartCount: 0,
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T13:00:01Z' } },
    });
  });

  test('are refused when a value is wrong', async () => {
    await using story = await startClusterStory();
    expect(() => story.cluster.pods.simulate({}, { exitCode: 300 })).toThrow('exitCode: 300 is not a whole number');
  });
});

describe('the resource usage of a pod', () => {
  const path = '/apis/metrics.k8s.io/v1beta1';

  async function read(story: ClusterStory, resource: string): Promise<unknown> {
    const reply = await story.cluster.transport().request({ method: 'GET', path: `${path}/${resource}` });
    let text = '';
    for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
    return JSON.parse(text);
  }

  test('is served as metrics of the pod and of its node, while the pod runs', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ cpu: '250m' }));
    await story.create({
      ...pod({ cpu: '50m', memory: '1Mi' }),
      metadata: { ...pod({ cpu: '50m', memory: '1Mi' }).metadata, name: 'q' },
    });
    expect(await read(story, 'namespaces/default/pods/p')).toMatchObject({
      kind: 'PodMetrics',
      metadata: { name: 'p', namespace: 'default', labels: { app: 'web' } },
      window: '15s',
      containers: [{ name: 'c', usage: { cpu: '250m', memory: '0' } }],
    });
    expect(await read(story, 'nodes/fake-0')).toMatchObject({ usage: { cpu: '300m', memory: '1Mi' } });
    await story.remove('v1 Pod', 'q');
    expect(await read(story, 'pods')).toMatchObject({ items: [{ metadata: { name: 'p' } }] });
    expect(await read(story, 'nodes/fake-0')).toMatchObject({ usage: { cpu: '250m', memory: '0' } });
  });

  test('ends when the node of the pod is deleted', async () => {
    await using story = await startClusterStory();
    const annotations = { 'typekro.dev/simulated': 'true' };
    await story.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', annotations } });
    await story.cluster.idle();
    const measured = pod({ cpu: '250m' });
    await story.create({ ...measured, spec: { ...measured.spec, nodeName: 'n' } });
    expect(await read(story, 'nodes')).toMatchObject({ items: [{ metadata: { name: 'n' } }] });
    await story.client.delete({ apiVersion: 'v1', kind: 'Node', name: 'n' });
    await story.cluster.idle();
    expect(await read(story, 'nodes')).toMatchObject({ items: [] });
    await story.advance(60);
    expect(await read(story, 'nodes')).toMatchObject({ items: [] });
  });

  test('a pod without a known usage has no metrics', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    expect(await read(story, 'pods')).toMatchObject({ kind: 'PodMetricsList', items: [] });
  });

  test('makes an autoscaler increase the number of replicas immediately, and decrease it after five minutes', async () => {
    await using story = await startClusterStory();
    await story.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { ...pod().spec } },
      },
    });
    await story.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 10,
      },
    });
    const replicas = async () => (await story.get('apps/v1 Deployment', 'web')).spec?.['replicas'];
    const busy = story.cluster.pods.simulate({ labels: { app: 'web' } }, { cpu: '160m' });
    await story.cluster.idle();
    expect(await replicas()).toBe(4);
    await story.advance(15);
    expect(await replicas()).toBe(8);
    busy.remove();
    story.cluster.pods.simulate({ labels: { app: 'web' } }, { cpu: '20m' });
    await story.advance(299);
    expect(await replicas()).toBe(8);
    await story.advance(30);
    expect(await replicas()).toBe(2);
    expect(await story.get('autoscaling/v2 HorizontalPodAutoscaler', 'web')).toMatchObject({
      status: { currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageValue: '20m' } } }] },
    });
  });
});

describe('a deleted pod', () => {
  const stopping = { 'stop-seconds': '20' };
  const ready = expect.objectContaining({ type: 'Ready', status: 'True', observedGeneration: 2 });

  test('is removed immediately by default', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    await story.remove('v1 Pod', 'p');
    expect(await story.find('v1 Pod', 'p')).toBeUndefined();
  });

  test('is kept while its containers end, and is reported as ended before its removal', async () => {
    await using story = await startClusterStory();
    const kept = pod(stopping);
    await story.create({ ...kept, metadata: { ...kept.metadata, finalizers: ['example.com/keep'] } });
    await story.remove('v1 Pod', 'p');
    expect(await story.get('v1 Pod', 'p')).toMatchObject({
      metadata: { generation: 2, deletionTimestamp: '2026-01-01T12:00:30Z', deletionGracePeriodSeconds: 30 },
      status: { phase: 'Running', observedGeneration: 2, conditions: expect.arrayContaining([ready]) },
    });
    expect(await messages(story, 'Killing')).toEqual(['Normal: Stopping container c']);
    await story.patch('v1 Pod', 'p', { metadata: { labels: { a: 'b' } } });
    await story.advance(19);
    expect(await container(story)).toMatchObject({ ready: true, state: { running: {} } });
    await story.advance(1);
    expect(await story.get('v1 Pod', 'p')).toMatchObject({
      status: {
        phase: 'Failed',
        containerStatuses: [{ state: { terminated: { exitCode: 143, finishedAt: '2026-01-01T12:00:20Z' } } }],
      },
    });
    expect(await messages(story, 'Killing')).toHaveLength(1);
    await story.patch('v1 Pod', 'p', { metadata: { finalizers: null } });
    expect(await story.find('v1 Pod', 'p')).toBeUndefined();
  });

  test.each([
    [{ gracePeriodSeconds: 5 }, 5],
    [{ gracePeriodSeconds: 60 }, 20],
  ])('with %o ends after %i seconds', async (options, seconds) => {
    await using story = await startClusterStory();
    await story.create(pod(stopping));
    await story.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'default' }, options);
    await story.advance(seconds - 1);
    expect(await story.find('v1 Pod', 'p')).toBeDefined();
    await story.advance(1);
    expect(await story.find('v1 Pod', 'p')).toBeUndefined();
  });

  test('uses the stop time of the cluster if it has no annotation', async () => {
    await using story = await startClusterStory({ podStopSeconds: 3 });
    await story.create(pod());
    expect(await messages(story, 'Simulated')).toHaveLength(1);
    const other = pod({ 'stop-seconds': '1' });
    await story.create({ ...other, metadata: { ...other.metadata, name: 'q' } });
    await Promise.all([story.remove('v1 Pod', 'p'), story.remove('v1 Pod', 'q')]);
    const left: string[][] = [];
    for (let second = 0; second <= 3; second++) {
      left.push(await story.names('v1 Pod'));
      await story.advance(1);
    }
    expect(left).toEqual([['p', 'q'], ['p'], ['p'], []]);
    await expect(createEmbeddedCluster({ podStopSeconds: -1 })).rejects.toThrow('stopSeconds: -1 is not a number');
  });

  test('that has not started ends immediately', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ ...stopping, failure: 'ImagePullBackOff' }));
    await story.remove('v1 Pod', 'p');
    expect(await story.find('v1 Pod', 'p')).toBeUndefined();
  });
});

describe('activeDeadlineSeconds', () => {
  const exceeded = {
    phase: 'Failed',
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  };

  test('counts from the start of the pod when an update sets it', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    await story.advance(3);
    await story.patch('v1 Pod', 'p', { spec: { activeDeadlineSeconds: 5 } });
    await story.advance(1);
    expect(await story.get('v1 Pod', 'p')).toMatchObject({ status: { phase: 'Running', observedGeneration: 2 } });
    await story.advance(1);
    expect(await story.get('v1 Pod', 'p')).toMatchObject({
      status: { ...exceeded, containerStatuses: [{ state: { terminated: { exitCode: 143, reason: 'Error' } } }] },
    });
    expect(await messages(story, 'DeadlineExceeded')).toEqual([`Normal: ${exceeded.message}`]);
  });

  test('ends a pod whose containers have not started', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ failure: 'ImagePullBackOff' }, { activeDeadlineSeconds: 5 }));
    await story.advance(5);
    expect(await story.get('v1 Pod', 'p')).toMatchObject({
      status: {
        ...exceeded,
        containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }],
      },
    });
  });

  test('does not affect a pod that has succeeded', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ 'run-seconds': '5' }, { activeDeadlineSeconds: 5, restartPolicy: 'Never' }));
    await story.advance(10);
    expect(await story.get('v1 Pod', 'p')).toMatchObject({ status: { phase: 'Succeeded' } });
  });
});

describe('ephemeral containers', () => {
  async function debug(story: ClusterStory, ...command: string[]): Promise<void> {
    const live = await story.get('v1 Pod', 'p');
    const known = objectsAt(live.spec, 'ephemeralContainers');
    const added = { name: `debugger-${known.length}`, image: 'busybox', command };
    const spec = { ...live.spec, ephemeralContainers: [...known, added] };
    await story.client.update({ ...live, spec }, { subresource: 'ephemeralcontainers' });
    await story.cluster.idle();
  }

  const statuses = async (story: ClusterStory) =>
    objectsAt((await story.get('v1 Pod', 'p')).status, 'ephemeralContainerStatuses');

  test('start when they are added, end with their commands, and never start again', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    expect((await story.get('v1 Pod', 'p')).status).not.toHaveProperty('ephemeralContainerStatuses');
    await story.advance(10);
    await debug(story, 'sh', '-c', 'sleep 5; exit 3');
    await debug(story, 'sh', '-c', 'while true; do echo polo; sleep 2; done');
    const running = { state: { running: { startedAt: '2026-01-01T12:00:10Z' } } };
    const [first, second] = await statuses(story);
    expect(first).toEqual({
      name: 'debugger-0',
      image: 'busybox',
      imageID: 'simulated://busybox',
      ready: false,
      restartCount: 0,
      lastState: {},
      ...running,
    });
    expect(second).toMatchObject({ name: 'debugger-1', ...running });
    expect(await log(story, '?container=debugger-1')).toContain('the containers of this pod are simulated');
    expect(await messages(story, 'Started')).toContain('Normal: Container started');
    await story.advance(5);
    const ended = { state: { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2026-01-01T12:00:15Z' } } };
    expect(await statuses(story)).toMatchObject([ended, running]);
    await story.advance(600);
    expect(await statuses(story)).toMatchObject([ended, running]);
    expect(await messages(story, 'Started')).toEqual(['Normal: Container started']);
  });

  test('run in a pod whose containers crash, and end with the pod', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ failure: 'CrashLoopBackOff' }));
    await debug(story, 'top');
    expect(await statuses(story)).toMatchObject([{ state: { running: {} } }]);
    await story.patch('v1 Pod', 'p', { spec: { activeDeadlineSeconds: 60 } });
    await story.advance(60);
    expect(await statuses(story)).toMatchObject([{ state: { terminated: { exitCode: 137, reason: 'Error' } } }]);
  });

  test('wait until the containers of the pod are created', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ 'start-after-seconds': '5' }));
    await debug(story, 'top');
    expect(await statuses(story)).toMatchObject([{ state: { waiting: { reason: 'ContainerCreating' } } }]);
    await story.advance(5);
    expect(await statuses(story)).toMatchObject([{ state: { running: { startedAt: '2026-01-01T12:00:05Z' } } }]);
  });
});

test.each<[number, string]>([
  [3600, '2026-01-01T13:00:00Z'],
  [9_000_000_000, '2311-03-16T04:00:00Z'],
  [253_402_300_799, '1872-03-30T17:56:07Z'],
  [8_640_000_000_000, '2245-05-29T18:25:03Z'],
  [9_007_199_254_740_991, '2172-02-21T11:53:37Z'],
])('a grace period of %i s ends within the times that Go can add', async (seconds, expected) => {
  await using story = await startClusterStory();
  const spec = { terminationGracePeriodSeconds: seconds, containers: [{ name: 'c', image: 'i' }] };
  await story.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', finalizers: ['a.b/c'] }, spec });
  await story.remove('v1 Pod', 'p');
  expect((await story.get('v1 Pod', 'p')).metadata).toMatchObject({
    deletionTimestamp: expected,
    deletionGracePeriodSeconds: seconds,
  });
  await story.patch('v1 Pod', 'p', { metadata: { finalizers: null } });
  expect(await story.find('v1 Pod', 'p')).toBeUndefined();
});
