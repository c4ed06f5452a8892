import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { groupByPorts, portSubsets } from './endpoint-ports.ts';

const SLICE = 'discovery.k8s.io/v1 EndpointSlice';
const labels = { app: 'e' };

const service = (spec: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'e' },
  spec: { selector: labels, ...spec },
});

const pod = (name: string, ports: Record<string, number>, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'i',
        ports: Object.entries(ports).map(([portName, containerPort]) => ({ name: portName, containerPort })),
      },
    ],
    ...spec,
  },
});

const named = {
  ports: [
    { name: 'web', port: 80, targetPort: 'http' },
    { name: 'metrics', port: 9090 },
  ],
};

describe('groupByPorts returns the groups of pods with the same ports', () => {
  const summary = (groups: ReturnType<typeof groupByPorts>) =>
    groups.map(({ ports, pods }) =>
      [...ports.map((port) => port['port']), ':', ...pods.map(({ metadata }) => metadata.name)].join(' '),
    );
  const [dns, sidecar] = [
    { ports: [{ port: 53, protocol: 'UDP', targetPort: 'dns' }] },
    { name: 's', restartPolicy: 'Always', ports: [{ name: 'http', containerPort: 7 }] },
  ];

  test.each<[string, JsonObject, KubeObject[], string[]]>([
    ['no pods', named, [], []],
    ['fixed ports', { ports: [{ port: 80 }] }, [pod('a', {}), pod('b', {})], ['80 : a b']],
    [
      'a port name with different numbers',
      named,
      [pod('a', { http: 8080 }), pod('b', { http: 80 }), pod('c', { http: 8080 })],
      ['8080 9090 : a c', '80 9090 : b'],
    ],
    ['a port name that one pod does not have', named, [pod('a', { other: 1 })], ['9090 : a']],
    ['a port name with another protocol', dns, [pod('a', { dns: 53 })], [': a']],
    ['a port name in a sidecar', named, [pod('a', { http: 8 }, { initContainers: [sidecar] })], ['7 9090 : a']],
  ])('%s', (_title, spec, pods, expected) => {
    expect(summary(groupByPorts(service(spec), pods))).toEqual(expected);
  });

  test('a subset has the ports that the same pods serve', () => {
    const groups = groupByPorts(service(named), [pod('a', { http: 8080 }), pod('b', { http: 80 })]);
    expect(summary(portSubsets(groups))).toEqual(['8080 : a', '9090 : a b', '80 : b']);
  });

  test('many named ports of a Service and of its pods are read once each', () => {
    let reads = 0;
    const counted = (port: JsonObject): JsonObject =>
      new Proxy(port, { get: (target, key) => ((reads += 1), Reflect.get(target, key) as JsonObject) });
    const many = <T>(make: (index: number) => T): T[] => Array.from({ length: 100 }, (_, index) => make(index));
    const pods = many((index) => {
      const ports = many((at) => counted({ name: `n${at}`, containerPort: at + 1 }));
      return pod(`p${index}`, {}, { containers: [{ name: 'c', image: 'i', ports }] });
    });
    const spec = { ports: many((at) => counted({ name: `n${at}`, port: at + 1, targetPort: `n${at}` })) };
    const groups = groupByPorts(service(spec), pods);
    expect([groups.length, groups[0]?.ports.length, groups[0]?.pods.length]).toEqual([1, 100, 100]);
    expect(reads).toBeLessThan(10 * 101 * 100);
  });
});

describe('the endpoints of a Service', () => {
  const slices = async (story: ClusterStory) =>
    (await story.list(SLICE))
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'e')
      .map((slice) => ({
        ports: objectsAt(slice, 'ports').map((port) => port['port']),
        pods: objectsAt(slice, 'endpoints').map((endpoint) => objectAt(endpoint, 'targetRef')['name']),
      }))
      .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const subsets = async (story: ClusterStory) => objectsAt(await story.get('v1 Endpoints', 'e'), 'subsets');

  test('are in one slice per set of port numbers', async () => {
    await using story = await startClusterStory();
    await story.create(service({ ports: [{ port: 80, targetPort: 'http' }] }));
    await story.create(pod('a', { http: 8080 }));
    await story.create(pod('b', { http: 80 }));
    expect(await slices(story)).toEqual([
      { ports: [80], pods: ['b'] },
      { ports: [8080], pods: ['a'] },
    ]);
    expect((await subsets(story)).map(({ ports }) => ports)).toEqual([
      [{ port: 8080, protocol: 'TCP' }],
      [{ port: 80, protocol: 'TCP' }],
    ]);
    await story.remove('v1 Pod', 'a');
    await story.advance(30);
    expect(await slices(story)).toEqual([{ ports: [80], pods: ['b'] }]);
    expect(await subsets(story)).toHaveLength(1);
  });

  test('have a pod that serves no port: a slice lists the pod, and the Endpoints object does not', async () => {
    await using story = await startClusterStory();
    await story.create(service({ ports: [{ port: 80, targetPort: 'http' }] }));
    await story.create(pod('a', {}));
    expect(await slices(story)).toEqual([{ ports: [], pods: ['a'] }]);
    expect(await subsets(story)).toEqual([]);
  });

  test('are an empty slice without ports when there are no pods', async () => {
    await using story = await startClusterStory();
    await story.create(service({ ports: [{ port: 80, targetPort: 'http' }] }));
    const [before] = await story.names(SLICE);
    expect(await slices(story)).toEqual([{ ports: [], pods: [] }]);
    await story.create(pod('a', { http: 8080 }));
    expect(await slices(story)).toEqual([{ ports: [8080], pods: ['a'] }]);
    await story.remove('v1 Pod', 'a');
    await story.advance(30);
    expect(await slices(story)).toEqual([{ ports: [], pods: [] }]);
    expect(await story.names(SLICE)).toContain(before);
  });

  test('move to the new port when the Service changes', async () => {
    await using story = await startClusterStory();
    await story.create(service({ ports: [{ port: 80 }] }));
    await story.create(pod('a', {}));
    await story.patch('v1 Service', 'e', { spec: { ports: [{ port: 80, targetPort: 81, appProtocol: 'http' }] } });
    expect(await slices(story)).toEqual([{ ports: [81], pods: ['a'] }]);
    expect(await subsets(story)).toMatchObject([{ ports: [{ port: 81, appProtocol: 'http' }] }]);
  });

  test('get the labels of the Service, and an additional label when the Service is headless', async () => {
    await using story = await startClusterStory();
    await story.create(service({ clusterIP: 'None', ports: [{ port: 80 }] }));
    await story.create(pod('a', {}, { hostname: 'host', subdomain: 'e' }));
    await story.patch('v1 Service', 'e', { metadata: { labels: { tier: 'web' } } });
    const [slice] = await story.list(SLICE);
    const endpoints = await story.get('v1 Endpoints', 'e');
    for (const object of [slice, endpoints]) {
      expect(object?.metadata.labels).toMatchObject({ tier: 'web', 'service.kubernetes.io/headless': '' });
    }
    expect(slice?.['endpoints']).toMatchObject([{ hostname: 'host' }]);
    expect(await subsets(story)).toMatchObject([{ addresses: [{ hostname: 'host' }] }]);
  });

  test('of a headless Service without ports have addresses without ports', async () => {
    await using story = await startClusterStory();
    await story.create(service({ clusterIP: 'None' }));
    await story.create(pod('a', {}));
    expect(await subsets(story)).toEqual([{ addresses: [expect.objectContaining({ targetRef: expect.anything() })] }]);
  });

  test('include pods that are not ready, when the Service publishes them', async () => {
    await using story = await startClusterStory();
    const unready = pod('a', {});
    await story.create(service({ ports: [{ port: 80 }] }));
    await story.create({
      ...unready,
      metadata: {
        ...unready.metadata,
        annotations: { 'typekro.dev/simulate-failure': 'Unhealthy' },
        finalizers: ['typekro.dev/test'],
      },
    });
    expect(await subsets(story)).toMatchObject([{ notReadyAddresses: [{}] }]);
    await story.patch('v1 Service', 'e', { spec: { publishNotReadyAddresses: true } });
    expect(await subsets(story)).toMatchObject([{ addresses: [{}] }]);
    const [slice] = await story.list(SLICE);
    expect(slice?.['endpoints']).toMatchObject([{ conditions: { ready: true, serving: false, terminating: false } }]);
  });

  test('are written again after a client has deleted them', async () => {
    await using story = await startClusterStory();
    await story.create(service({ ports: [{ port: 80 }] }));
    await story.create(pod('a', {}));
    const [before = ''] = (await story.names(SLICE)).filter((name) => name.startsWith('e-'));
    await story.remove(SLICE, before);
    await story.remove('v1 Endpoints', 'e');
    expect(await slices(story)).toEqual([{ ports: [80], pods: ['a'] }]);
    expect(await subsets(story)).toHaveLength(1);
  });

  test("name the zone of the pod's node", async () => {
    await using story = await startClusterStory();
    await story.patch('v1 Node', 'fake-0', { metadata: { labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    await story.create(service({ ports: [{ port: 80 }] }));
    await story.create(pod('a', {}));
    const [slice] = await story.list(SLICE);
    expect(slice?.['endpoints']).toMatchObject([{ zone: 'z1', nodeName: 'fake-0' }]);
  });
});
