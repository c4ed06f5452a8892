import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { type ManualClock, createManualClock } from '../cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';

let clock: ManualClock;
let cluster: Cluster;
let client: KubeClient;

beforeEach(async () => {
  clock = createManualClock(Date.parse('2026-01-01T00:00:00Z'));
  cluster = await createEmbeddedCluster({ clock });
  client = new KubeClient({ transport: cluster.transport() });
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

const inDefault = (apiVersion: string, kind: string, name: string) => ({
  apiVersion,
  kind,
  name,
  namespace: 'default',
});
const create = async (object: KubeObject): Promise<KubeObject> => {
  const created = await client.create(object);
  await cluster.idle();
  return created;
};
const list = async (apiVersion: string, kind: string, namespace = 'default') =>
  (await client.list({ apiVersion, kind }, { namespace })).items;
const deployment = (replicas: number, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' }, annotations },
      spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
    },
  },
});

describe('a Deployment', () => {
  const get = () => client.get(inDefault('apps/v1', 'Deployment', 'web'));

  test('becomes available with its pods on the node', async () => {
    await create(deployment(3));
    const { status } = await get();
    expect(status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
      observedGeneration: 1,
    });
    expect(status?.['conditions']).toMatchObject([
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ]);
    const pods = await list('v1', 'Pod');
    expect(pods.map(({ spec, status: { phase } = {} }) => [spec?.['nodeName'], phase])).toEqual(
      Array.from({ length: 3 }, () => ['fake-0', 'Running']),
    );
  });

  test('rolls out a new template and keeps the old ReplicaSet with zero replicas', async () => {
    await create(deployment(2));
    await client.patch(
      inDefault('apps/v1', 'Deployment', 'web'),
      { spec: { template: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } } } },
      { type: 'strategic' },
    );
    await cluster.idle();
    const sets = await list('apps/v1', 'ReplicaSet');
    expect(sets.map(({ spec }) => Number(spec?.['replicas'])).sort((a, b) => a - b)).toEqual([0, 2]);
    expect((await get()).metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '2' });
    const images = (await list('v1', 'Pod')).map(
      ({ spec }) => (spec as { containers: { image: string }[] }).containers[0]?.image,
    );
    expect(images).toEqual(['nginx:2', 'nginx:2']);
  });

  test('replaces a deleted pod', async () => {
    await create(deployment(1));
    const [before] = await list('v1', 'Pod');
    await client.delete(inDefault('v1', 'Pod', before?.metadata.name ?? ''));
    await cluster.idle();
    const after = await list('v1', 'Pod');
    expect(after).toHaveLength(1);
    expect(after[0]?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  test('is deleted together with its ReplicaSets and pods', async () => {
    await create(deployment(2));
    await client.delete(inDefault('apps/v1', 'Deployment', 'web'));
    await cluster.idle();
    expect(await list('apps/v1', 'ReplicaSet')).toEqual([]);
    expect(await list('v1', 'Pod')).toEqual([]);
  });

  test('becomes ready after the number of seconds in its annotation', async () => {
    await create(deployment(1, { 'typekro.dev/simulate-ready-after-seconds': '30' }));
    expect((await get()).status?.['readyReplicas']).toBeUndefined();
    clock.advance(29_000);
    await cluster.idle();
    expect((await get()).status?.['readyReplicas']).toBeUndefined();
    clock.advance(1_000);
    await cluster.idle();
    expect((await get()).status?.['readyReplicas']).toBe(1);
  });

  test('never becomes ready when an annotation makes its pods fail', async () => {
    await create(deployment(1, { 'typekro.dev/simulate-failure': 'CrashLoopBackOff' }));
    clock.advance(3_600_000);
    await cluster.idle();
    expect((await get()).status).toMatchObject({ unavailableReplicas: 1 });
    const [pod] = await list('v1', 'Pod');
    expect(pod?.status?.['containerStatuses']).toMatchObject([{ state: { waiting: { reason: 'CrashLoopBackOff' } } }]);
  });
});

describe('Services and Ingresses', () => {
  const service = (type: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type, selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });

  test('the endpoints of a Service list the ready pods that it selects', async () => {
    await create(service('ClusterIP'));
    await create(deployment(2));
    const [slice] = (await list('discovery.k8s.io/v1', 'EndpointSlice')).filter(({ metadata }) =>
      metadata.name?.startsWith('web-'),
    );
    expect(slice?.['endpoints']).toHaveLength(2);
    expect(slice?.['ports']).toEqual([{ name: '', port: 8080, protocol: 'TCP' }]);
  });

  test('a Service of type LoadBalancer gets an address, and loses it when its type changes', async () => {
    await create(service('LoadBalancer'));
    const ref = inDefault('v1', 'Service', 'web');
    expect((await client.get(ref)).status).toMatchObject({ loadBalancer: { ingress: [{ ip: '203.0.113.2' }] } });
    await client.patch(ref, { spec: { type: 'ClusterIP' } });
    await cluster.idle();
    expect((await client.get(ref)).status).toEqual({ loadBalancer: {} });
  });

  test('a Service with a loadBalancerClass gets no address, and keeps an address that another controller sets', async () => {
    const { spec, ...common } = service('LoadBalancer');
    await create({ ...common, spec: { ...spec, loadBalancerClass: 'example.com/internal' } });
    const ref = inDefault('v1', 'Service', 'web');
    expect((await client.get(ref)).status).toEqual({ loadBalancer: {} });
    const status = { loadBalancer: { ingress: [{ ip: '198.51.100.7', ipMode: 'VIP' }] } };
    await client.patch(ref, { status }, { subresource: 'status' });
    await cluster.idle();
    expect((await client.get(ref)).status).toEqual(status);
    await client.patch(ref, { spec: { type: 'ClusterIP' } });
    await cluster.idle();
    expect((await client.get(ref)).status).toEqual({ loadBalancer: {} });
  });

  test('a hostname that a client writes into the status of a Service or an Ingress is kept', async () => {
    const hostname = { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } };
    const change = async (ref: ReturnType<typeof inDefault>) => {
      await client.patch(ref, { status: hostname }, { subresource: 'status' });
      await cluster.idle();
      return (await client.get(ref)).status;
    };
    await create(service('LoadBalancer'));
    expect(await change(inDefault('v1', 'Service', 'web'))).toEqual(hostname);
    await create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web', namespace: 'default' },
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    });
    expect(await change(inDefault('networking.k8s.io/v1', 'Ingress', 'web'))).toEqual(hostname);
  });

  test('an Ingress gets an address', async () => {
    await create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web', namespace: 'default' },
      spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
    });
    const { status } = await client.get(inDefault('networking.k8s.io/v1', 'Ingress', 'web'));
    expect(status).toEqual({ loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } });
  });
});

describe('garbage collection and namespaces', () => {
  const configMap = (name: string, owner?: KubeObject, block = false): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'default',
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: 'v1',
                kind: 'ConfigMap',
                name: owner.metadata.name ?? '',
                uid: owner.metadata.uid ?? '',
                blockOwnerDeletion: block,
              },
            ],
          }),
    },
  });
  const names = async () =>
    (await list('v1', 'ConfigMap')).map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt');

  test('a chain of dependents is deleted after the owner', async () => {
    const a = await create(configMap('a'));
    const b = await create(configMap('b', a));
    await create(configMap('c', b));
    await client.delete(inDefault('v1', 'ConfigMap', 'a'));
    await cluster.idle();
    expect(await names()).toEqual([]);
  });

  test('a foreground deletion waits for a dependent that blocks it', async () => {
    const owner = await create(configMap('owner'));
    const dependent = configMap('dependent', owner, true);
    await create({ ...dependent, metadata: { ...dependent.metadata, finalizers: ['example.com/hold'] } });
    await client.delete(inDefault('v1', 'ConfigMap', 'owner'), { propagationPolicy: 'Foreground' });
    await cluster.idle();
    expect(await names()).toEqual(['dependent', 'owner']);
    await client.patch(inDefault('v1', 'ConfigMap', 'dependent'), { metadata: { finalizers: null } });
    await cluster.idle();
    expect(await names()).toEqual([]);
  });

  test('orphaned dependents remain, without the reference to their owner', async () => {
    const owner = await create(configMap('owner'));
    await create(configMap('dependent', owner));
    await client.delete(inDefault('v1', 'ConfigMap', 'owner'), { propagationPolicy: 'Orphan' });
    await cluster.idle();
    expect(await names()).toEqual(['dependent']);
    expect((await client.get(inDefault('v1', 'ConfigMap', 'dependent'))).metadata.ownerReferences).toBeUndefined();
  });

  test('a namespace gets its ServiceAccount, and its deletion also deletes its content', async () => {
    await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    expect((await list('v1', 'ServiceAccount', 'team')).map(({ metadata }) => metadata.name)).toEqual(['default']);
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: 'team', finalizers: ['example.com/hold'] },
    });
    await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    await cluster.idle();
    const { status } = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    expect(status?.['phase']).toBe('Terminating');
    expect(status?.['conditions']).toContainEqual(
      expect.objectContaining({
        type: 'NamespaceFinalizersRemaining',
        status: 'True',
        message: expect.stringContaining('example.com/hold in 1 resource instances') as string,
      }),
    );
    await client.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'held', namespace: 'team' },
      { metadata: { finalizers: null } },
    );
    await cluster.idle();
    expect(await client.find({ apiVersion: 'v1', kind: 'Namespace', name: 'team' })).toBeUndefined();
  });
});
