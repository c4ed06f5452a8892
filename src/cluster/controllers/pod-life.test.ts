import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { objectsAt } from '../../kubernetes/index.ts';
import type { ClusterStory } from '../../../test/support/cluster-story.ts';
import { startClusterStory } from '../../../test/support/cluster-story.ts';

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
  test('says once in its log and in an event that its containers are simulated', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    const text = 'the containers of this pod are simulated: no image is pulled, and no process runs in them';
    expect(await log(story)).toBe(`${text}\n`);
    expect(await messages(story, 'Simulated')).toEqual([`Normal: ${text}`]);
    await story.patch('v1 Pod', 'p', { metadata: { labels: { a: 'b' } } });
    expect(await log(story)).toBe(`${text}\n`);
  });
});

describe('the annotations of a pod', () => {
  test('a crash loop has restarts, exit codes, times and logs', async () => {
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
    expect(await messages(story, 'BackOff')).toEqual(['Warning: Back-off restarting failed container c in pod p']);
  });

  test('a container that has not crashed has no previous log', async () => {
    await using story = await startClusterStory();
    await story.create(pod({ log: 'a' }));
    expect(await log(story, '?previous=true')).toContain(
      'previous terminated container \\"c\\" in pod \\"p\\" not found',
    );
  });

  test('a wrong value has no effect, and an event has the reason', async () => {
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
  test('apply to the pods that they match, have precedence over annotations, and can be removed', async () => {
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

describe('the use of a pod', () => {
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

  test('a pod without a known use has no metrics', async () => {
    await using story = await startClusterStory();
    await story.create(pod());
    expect(await read(story, 'pods')).toMatchObject({ kind: 'PodMetricsList', items: [] });
  });

  test('makes an autoscaler raise the number of replicas at once, and lower it after five minutes', async () => {
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
