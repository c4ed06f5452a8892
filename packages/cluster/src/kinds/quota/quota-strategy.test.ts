import { describe, expect, test, vi } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { formatQuantity } from '@typekro/kit/kubernetes';
import { Collection } from '../../store/store.ts';
import { podTotals } from '../pods/pod-totals.ts';
import { inScopes } from './quota-scopes.ts';
import { limitsFor, usageOf } from './quota-usage.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const PODS = { group: '', plural: 'pods' };
const CLAIMS = { group: '', plural: 'persistentvolumeclaims' };

const object = (kind: string, spec: JsonObject, status: JsonObject = {}, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'o', namespace: 'default', ...metadata },
  spec,
  status,
});
const box = (requests: JsonObject, limits: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  name: 'c',
  image: 'i',
  resources: { requests, limits },
  ...more,
});
const shown = (amounts: ReadonlyMap<string, Parameters<typeof formatQuantity>[0]>) =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));

describe('the requests of a pod', () => {
  const sidecar = { restartPolicy: 'Always' };
  test.each<[string, JsonObject, JsonObject]>([
    ['are the sum of its containers', { containers: [box({ cpu: '1' }), box({ cpu: '500m' })] }, { cpu: '1500m' }],
    [
      'are those of a larger init container',
      { containers: [box({ cpu: '1' })], initContainers: [box({ cpu: '3' }), box({ cpu: '2' })] },
      { cpu: '3' },
    ],
    [
      'include sidecars',
      { containers: [box({ cpu: '1' })], initContainers: [box({ cpu: '2' }, {}, sidecar)] },
      { cpu: '3' },
    ],
    [
      'include sidecars beside an init container',
      { containers: [box({ cpu: '1' })], initContainers: [box({ cpu: '2' }, {}, sidecar), box({ cpu: '4' })] },
      { cpu: '6' },
    ],
    [
      'are the pod-level requests',
      { resources: { requests: { cpu: '9' } }, containers: [box({ cpu: '1', memory: '1Gi' })] },
      { cpu: '9', memory: '1Gi' },
    ],
    ['include the overhead', { overhead: { cpu: '250m' }, containers: [box({ cpu: '1' })] }, { cpu: '1250m' }],
  ])('%s', (_title, spec, expected) => {
    expect(shown(podTotals(spec, 'requests'))).toEqual(expected);
  });

  test('differ from the limits, which include the overhead only for resources that have a limit', () => {
    const spec = { overhead: { cpu: '1', memory: '1Gi' }, containers: [box({}, { cpu: '1' })] };
    expect(shown(podTotals(spec, 'limits'))).toEqual({ cpu: '2' });
  });
});

describe('the usage', () => {
  const running = { phase: 'Running' };
  test.each<[string, string, KubeObject, JsonObject]>([
    [
      'of a pod',
      'pods',
      object('Pod', {
        containers: [box({ cpu: '1', 'ephemeral-storage': '2Gi', 'a.io/gpu': '3' }, { memory: '1Gi' })],
      }),
      {
        'count/pods': '1',
        pods: '1',
        cpu: '1',
        'requests.cpu': '1',
        'ephemeral-storage': '2Gi',
        'requests.ephemeral-storage': '2Gi',
        'requests.a.io/gpu': '3',
        'limits.memory': '1Gi',
      },
    ],
    [
      'of a completed pod',
      'pods',
      object('Pod', { containers: [box({ cpu: '1' })] }, { phase: 'Failed' }),
      { 'count/pods': '1' },
    ],
    [
      'of a pod in its grace period',
      'pods',
      object('Pod', { containers: [] }, running, {
        deletionTimestamp: '2026-01-01T12:00:00Z',
        deletionGracePeriodSeconds: 30,
      }),
      { 'count/pods': '1', pods: '1' },
    ],
    [
      'of a pod after its grace period',
      'pods',
      object('Pod', { containers: [] }, running, {
        deletionTimestamp: '2026-01-01T11:59:00Z',
        deletionGracePeriodSeconds: 30,
      }),
      { 'count/pods': '1' },
    ],
    [
      'of a load balancer that allocates no node ports, with one explicit node port',
      'services',
      object('Service', {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        ports: [{ port: 1 }, { port: 2, nodePort: 30000 }],
      }),
      { 'count/services': '1', services: '1', 'services.loadbalancers': '1', 'services.nodeports': '1' },
    ],
    [
      'of a claim with a class',
      'persistentvolumeclaims',
      object(
        'PersistentVolumeClaim',
        { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
        { allocatedResources: { storage: '2Gi' } },
      ),
      {
        'count/persistentvolumeclaims': '1',
        persistentvolumeclaims: '1',
        'requests.storage': '2Gi',
        'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
        'fast.storageclass.storage.k8s.io/requests.storage': '2Gi',
      },
    ],
  ])('%s', (_title, plural, counted, expected) => {
    expect(shown(usageOf({ group: '', plural }, counted, NOW))).toEqual(expected);
  });

  test('of other kinds is the number of objects', () => {
    const jobs = { group: 'batch', plural: 'jobs' };
    expect(shown(usageOf(jobs, object('Job', {}), NOW))).toEqual({ 'count/jobs.batch': '1' });
  });

  test('is limited by the limits of the resource', () => {
    const names = ['count/jobs.batch', 'pods', 'limits.cpu', 'requests.storage', 'services', 'hugepages-2Mi', 'x'];
    const hard = Object.fromEntries(
      [...names, 'requests.a.io/gpu', 'c.storageclass.storage.k8s.io/requests.storage'].map((name) => [name, '1']),
    );
    const found = [
      { group: 'batch', plural: 'jobs' },
      PODS,
      CLAIMS,
      { group: '', plural: 'services' },
      { group: '', plural: 'secrets' },
    ].map((resource) => limitsFor(hard, resource));
    expect(found).toEqual([
      ['count/jobs.batch'],
      ['pods', 'limits.cpu', 'hugepages-2Mi', 'requests.a.io/gpu'],
      ['requests.storage', 'c.storageclass.storage.k8s.io/requests.storage'],
      ['services'],
      [],
    ]);
  });
});

describe('the scope', () => {
  const pod = (spec: JsonObject = {}) => object('Pod', { containers: [{ name: 'c' }], ...spec });
  const term = (more: JsonObject) => ({ podAffinityTerm: { topologyKey: 'k', ...more }, weight: 1 });
  const preferred = (more: JsonObject) => ({
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term(more)] } },
  });
  const priority = (operator: string, ...values: string[]): JsonObject => ({
    scopeSelector: {
      matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values.length > 0 ? { values } : {}) }],
    },
  });
  test.each<[JsonObject, KubeObject, boolean]>([
    [{}, pod(), true],
    [{ scopes: ['Terminating'] }, pod(), false],
    [{ scopes: ['Terminating'] }, pod({ activeDeadlineSeconds: 0 }), true],
    [{ scopes: ['NotTerminating'] }, pod(), true],
    [{ scopes: ['NotTerminating'] }, pod({ activeDeadlineSeconds: 5 }), false],
    [{ scopes: ['BestEffort'] }, pod(), true],
    [{ scopes: ['BestEffort'] }, pod({ containers: [box({ cpu: '1' })] }), false],
    [{ scopes: ['NotBestEffort'] }, pod({ containers: [box({ cpu: '1' })] }), true],
    [
      { scopes: ['NotBestEffort', 'NotTerminating'] },
      pod({ containers: [box({ cpu: '1' })], activeDeadlineSeconds: 1 }),
      false,
    ],
    [{ scopes: ['PriorityClass'] }, pod({ priorityClassName: 'high' }), true],
    [{ scopes: ['PriorityClass'] }, pod(), false],
    [priority('Exists'), pod({ priorityClassName: 'high' }), true],
    [priority('DoesNotExist'), pod(), true],
    [priority('DoesNotExist'), pod({ priorityClassName: 'high' }), false],
    [priority('In', 'high', 'low'), pod({ priorityClassName: 'high' }), true],
    [priority('In', 'low'), pod({ priorityClassName: 'high' }), false],
    [priority('NotIn', 'high'), pod({ priorityClassName: 'high' }), false],
    [priority('NotIn', 'high'), pod(), true],
    [{ scopes: ['CrossNamespacePodAffinity'] }, pod(preferred({})), false],
    [{ scopes: ['CrossNamespacePodAffinity'] }, pod(preferred({ namespaces: ['other'] })), true],
    [{ scopes: ['CrossNamespacePodAffinity'] }, pod(preferred({ namespaceSelector: {} })), true],
    [{ scopes: ['VolumeAttributesClass'] }, pod(), false],
  ])('of the quota %j matches the pod %j: %s', (spec, counted, expected) => {
    expect(inScopes(object('ResourceQuota', spec), PODS, counted)).toBe(expected);
  });

  test('VolumeAttributesClass matches a claim that requests a class or whose volume has a class', () => {
    const quota = object('ResourceQuota', { scopes: ['VolumeAttributesClass'] });
    const holds = (spec: JsonObject, status: JsonObject = {}) =>
      inScopes(quota, CLAIMS, object('PersistentVolumeClaim', spec, status));
    expect([
      holds({}),
      holds({ volumeAttributesClassName: 'gold' }),
      holds({}, { currentVolumeAttributesClassName: 'gold' }),
      holds({}, { modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold' } }),
    ]).toEqual([false, true, true, true]);
  });

  test('NotTerminating matches no Service', () => {
    const quota = object('ResourceQuota', { scopes: ['NotTerminating'] });
    expect(inScopes(quota, { group: '', plural: 'services' }, object('Service', {}))).toBe(false);
  });
});

describe('a ResourceQuota', () => {
  const quota = (story: ClusterStory, spec: JsonObject) =>
    story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec });
  const used = async (story: ClusterStory) => (await story.get('v1 ResourceQuota', 'q')).status?.['used'];
  const pod = (name: string, spec: JsonObject = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });

  test('counts only pods in its scopes', async () => {
    await using story = await startClusterStory();
    await quota(story, { hard: { pods: '1' }, scopes: ['Terminating'] });
    await story.create(pod('endless'));
    expect(await used(story)).toEqual({ pods: '0' });
    await story.create(pod('short', { activeDeadlineSeconds: 60 }));
    expect(await used(story)).toEqual({ pods: '1' });
    await expect(story.create(pod('more', { activeDeadlineSeconds: 60 }))).rejects.toThrow(
      'pods "more" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    );
  });

  test('refuses an update after which a pod matches the scopes of a full quota', async () => {
    await using story = await startClusterStory();
    await quota(story, { hard: { pods: '0' }, scopes: ['Terminating'] });
    await story.create(pod('p'));
    await expect(story.patch('v1 Pod', 'p', { spec: { activeDeadlineSeconds: 60 } })).rejects.toThrow(
      'exceeded quota: q',
    );
  });

  test('refuses a container that does not specify a limited resource', async () => {
    await using story = await startClusterStory();
    await quota(story, { hard: { 'limits.cpu': '1', memory: '1Gi' } });
    await expect(story.create(pod('p'))).rejects.toThrow(
      'failed quota: q: must specify limits.cpu for: c; memory for: c',
    );
  });

  test('counts ephemeral storage', async () => {
    await using story = await startClusterStory();
    await quota(story, { hard: { 'requests.ephemeral-storage': '10Gi', 'limits.ephemeral-storage': '10Gi' } });
    const resources = { requests: { 'ephemeral-storage': '1Gi' }, limits: { 'ephemeral-storage': '2Gi' } };
    await story.create(pod('p', { containers: [{ name: 'c', image: 'i', resources }] }));
    expect(await used(story)).toEqual({ 'requests.ephemeral-storage': '1Gi', 'limits.ephemeral-storage': '2Gi' });
  });

  test('adds the node ports that an update gives to a Service, and subtracts them when the Service loses them', async () => {
    await using story = await startClusterStory();
    await quota(story, { hard: { 'services.nodeports': '1' } });
    await story.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
    await story.patch('v1 Service', 's', { spec: { type: 'NodePort' } });
    expect(await used(story)).toEqual({ 'services.nodeports': '1' });
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    await expect(story.patch('v1 Service', 's', { spec: { ports } })).rejects.toThrow(
      'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    );
    await story.patch('v1 Service', 's', { spec: { type: 'ClusterIP' } });
    expect(await used(story)).toEqual({ 'services.nodeports': '0' });
  });

  test('is written once for many pods, whose creation leaves turns to others if they have many quotas', async () => {
    await using story = await startClusterStory();
    const [QUOTAS, PODS_OF_SET] = [400, 60];
    const hard = { pods: '100', 'count/x.y.z': '5' };
    for (let index = 0; index < QUOTAS; index += 1)
      await story.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: `q${index}` }, spec: { hard } });
    const done = { quotas: 0, pods: 0, podsOfTurn: 0, most: 0 };
    // oxlint-disable-next-line typescript/unbound-method -- called with the collection
    const { put } = Collection.prototype;
    using _spy = vi.spyOn(Collection.prototype, 'put').mockImplementation(function (this: Collection, key, created) {
      if (this.plural === 'resourcequotas') done.quotas += 1;
      if (this.plural === 'pods' && this.get(key) === undefined) {
        if (done.podsOfTurn === 0) setImmediate(() => (done.podsOfTurn = 0));
        done.pods += 1;
        done.podsOfTurn += 1;
        done.most = Math.max(done.most, done.podsOfTurn);
      }
      return put.call(this, key, created);
    });
    const labels = { app: 'a' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { replicas: PODS_OF_SET, selector: { matchLabels: labels }, template };
    await story.create({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 's' }, spec });
    expect(done.pods).toBe(PODS_OF_SET);
    expect(done.most).toBeLessThan(40);
    expect(done.quotas).toBeLessThan(5 * QUOTAS);
    expect((await story.get('v1 ResourceQuota', 'q7')).status?.['used']).toEqual({ pods: '60', 'count/x.y.z': '0' });
  });

  test('refuses an object while the status of the quota has no usage', async () => {
    await using story = await startClusterStory({ controllers: { hold: ['resourcequota-controller'] } });
    await quota(story, { hard: { pods: '1' } });
    await story.client.patch(
      { apiVersion: 'v1', kind: 'ResourceQuota', name: 'q', namespace: 'default' },
      { status: { hard: { pods: '1' } } },
      { subresource: 'status' },
    );
    await expect(story.create(pod('p'))).rejects.toThrow('status unknown for quota: q, resources: pods');
  });
});
