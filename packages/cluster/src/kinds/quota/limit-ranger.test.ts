import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { sendJson } from '../../../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from '../../index.ts';
import { checkClaimLimits, checkLimits, claimProblems, podProblems, setLimits, usagesOf } from './limit-ranger.ts';
import { parsedAmounts } from '../pods/pod-totals.ts';
import type { WriteContext } from '../strategy.ts';

const box = (requests: JsonObject, limits: JsonObject = {}): JsonObject => ({
  name: 'c',
  resources: { requests, limits },
});

describe('an item of a LimitRange, with the type Container,', () => {
  const problems = (bounds: JsonObject, ...containers: JsonObject[]) =>
    podProblems(usagesOf({ containers }), { type: 'Container', ...bounds });
  const min = (end: string) => [`minimum cpu usage per Container is 1${end}`];
  const max = (end: string) => [`maximum cpu usage per Container is 1${end}`];
  const ratio = (end: string) => [`cpu max limit to request ratio per Container is 2${end}`];
  const [one, two, half] = [{ cpu: '1' }, { cpu: '2' }, { cpu: '500m' }];
  const none = (what: string) => ratio(`, but no ${what} is specified or ${what} is 0`);
  const limitRatio = { maxLimitRequestRatio: two };
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['accepts a container at the bounds', { min: one, max: two }, box(one, two), []],
    ['requires a request when it has a minimum', { min: one }, box({}), min('.  No request is specified')],
    ['refuses a request below the minimum', { min: one }, box(half), min(', but request is 500m')],
    ['refuses a limit below the minimum', { min: one }, box(one, half), min(', but limit is 500m')],
    ['requires a limit when it has a maximum', { max: one }, box({}), max('.  No limit is specified')],
    ['refuses a limit above the maximum', { max: one }, box({}, two), max(', but limit is 2')],
    ['refuses a request above the maximum', { max: one }, box(two, one), max(', but request is 2')],
    ['requires a request for a ratio', limitRatio, box({}, one), none('request')],
    ['requires a limit for a ratio', limitRatio, box(one, { cpu: '0' }), none('limit')],
    ['refuses a higher ratio', limitRatio, box({ cpu: '300m' }, one), ratio(', but provided ratio is 3.333333')],
    [
      'refuses a slightly higher ratio',
      limitRatio,
      box({ cpu: '400m' }, one),
      ratio(', but provided ratio is 2.500000'),
    ],
    ['accepts an equal ratio', { maxLimitRequestRatio: { cpu: '3' } }, box({ cpu: '100m' }, { cpu: '300m' }), []],
    [
      'reports all problems, min before max',
      { max: one, min: { memory: '1Gi' } },
      box({ memory: '1Mi' }),
      ['minimum memory usage per Container is 1Gi, but request is 1Mi', ...max('.  No limit is specified')],
    ],
  ])('%s', (_title, bounds, container, expected) => {
    expect(problems(bounds, container)).toEqual(expected);
  });

  test('applies to init containers, whose problems follow those of the containers', () => {
    const spec = { containers: [box({ cpu: '3' })], initContainers: [box({ cpu: '2' })] };
    expect(podProblems(usagesOf(spec), { type: 'Container', min: { cpu: '4' } })).toEqual([
      'minimum cpu usage per Container is 4, but request is 3',
      'minimum cpu usage per Container is 4, but request is 2',
    ]);
  });
});

describe('an item of a LimitRange, with the type Pod,', () => {
  test.each<[string, JsonObject, string[]]>([
    [
      'counts all containers',
      { containers: [box({}, { cpu: '1' }), box({}, { cpu: '1' })] },
      ['maximum cpu usage per Pod is 1500m, but limit is 2'],
    ],
    [
      'counts the largest init container',
      { containers: [box({}, { cpu: '1' })], initContainers: [box({}, { cpu: '3' })] },
      ['maximum cpu usage per Pod is 1500m, but limit is 3'],
    ],
    ['does not count the overhead', { containers: [box({}, { cpu: '1' })], overhead: { cpu: '1' } }, []],
  ])('%s', (_title, spec, expected) => {
    expect(podProblems(usagesOf(spec), { type: 'Pod', max: { cpu: '1500m' } })).toEqual(expected);
  });
});

describe('an item of a LimitRange, with the type PersistentVolumeClaim,', () => {
  const item = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } };
  test.each<[JsonObject, string[]]>([
    [{ storage: '1Gi' }, []],
    [{ storage: '1Mi' }, ['minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi']],
    [{ storage: '3Gi' }, ['maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi']],
  ])('bounds the requests %j', (requests, expected) => {
    expect(claimProblems(parsedAmounts(requests), item)).toEqual(expected);
  });
});

describe('the work for a pod', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `example.com/r${index}`);
  const amounts = Object.fromEntries(names.map((name) => [name, '1']));
  const podOf = (count: number): KubeObject => {
    const containers = Array.from({ length: count }, (_, index) => ({ name: `c${index}` }));
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n' }, spec: { containers } };
  };
  let reads = 0;
  const counted = new Proxy(amounts, { get: (from, key) => ((reads += 1), Reflect.get(from, key)) });
  const range = (item: JsonObject) => ({ object: { spec: { limits: [{ type: 'Container', ...item }] } } });
  const contextOf = (...ranges: object[]) =>
    ({ store: { collection: () => ({ inNamespace: () => ranges }) } }) as unknown as WriteContext;

  test('does not read the amounts of each LimitRange for each container, or for each pod', () => {
    const ranges = Array.from({ length: 10 }, () => range({ default: counted, max: counted, min: counted }));
    const context = contextOf(...ranges);
    for (const pod of [podOf(4), podOf(4)]) {
      setLimits(pod, context);
      expect(() => checkLimits(pod, context)).toThrow('No request is specified');
    }
    expect(reads).toBe(10 * 3 * names.length);
    checkLimits({ ...podOf(0), spec: {} }, contextOf(...ranges.slice(1), range({})));
    expect(reads).toBe((10 + 9) * 3 * names.length - 9 * 2 * names.length);
  });

  test('ends when the defaults are larger than an object that can be stored', () => {
    expect(() => setLimits(podOf(2000), contextOf(range({ default: amounts })))).toThrow('request is too large');
  });

  test('makes a message once for all containers without the resource', () => {
    expect(podProblems(usagesOf(podOf(2000).spec ?? {}), { type: 'Container', max: amounts })).toHaveLength(1000);
  });
});

describe('the admission plugin', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    const limits = [
      { type: 'Container', max: { cpu: '1' }, default: { cpu: '500m' } },
      { type: 'Pod', max: { cpu: '1' } },
      { type: 'PersistentVolumeClaim', max: { storage: '2Gi' } },
    ];
    await create('limitranges', { kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } });
  });
  afterAll(() => cluster.close());

  async function create(plural: string, content: JsonObject): Promise<JsonObject> {
    const path = `/api/v1/namespaces/default/${plural}`;
    return (await sendJson<JsonObject>(cluster, 'POST', path, { body: { apiVersion: 'v1', ...content } })).body;
  }
  const pod = (name: string, ...cpus: string[]): JsonObject => ({
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: cpus.map((cpu, index) => ({ name: `c${index}`, image: 'i', resources: { limits: { cpu } } })),
      initContainers: [{ name: 'init', image: 'i' }],
    },
  });

  test('sets the defaults of init containers', async () => {
    const { metadata } = await create('pods', pod('p', '1'));
    expect(metadata).toMatchObject({
      annotations: {
        'kubernetes.io/limit-ranger':
          'LimitRanger plugin set: cpu request for init container init; cpu limit for init container init',
      },
    });
  });

  test('refuses a pod with all its problems', async () => {
    const { message, code } = await create('pods', pod('q', '2', '3'));
    expect(code).toBe(403);
    expect(message).toBe(
      'pods "q" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Container is 1, but limit is 3, maximum cpu usage per Pod is 1, but limit is 5]',
    );
  });

  test('accepts an update of a claim that is being deleted, whatever its requests are', () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', namespace: 'default', deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: { resources: { requests: { storage: '3Gi' } } },
    };
    const range = { object: { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '2Gi' } }] } } };
    const context = { store: { collection: () => ({ inNamespace: () => [range] }) } } as unknown as WriteContext;
    expect(() => checkClaimLimits(claim, context)).not.toThrow();
    const { deletionTimestamp: _time, ...metadata } = claim.metadata;
    expect(() => checkClaimLimits({ ...claim, metadata }, context)).toThrow('is forbidden');
  });

  test('refuses a claim whose request is above the maximum', async () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '3Gi' } } };
    const { message } = await create('persistentvolumeclaims', {
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec,
    });
    expect(message).toBe(
      'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
  });
});
