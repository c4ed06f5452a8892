import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { countAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { KubeClient } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import { type ManualClock, createManualClock } from '../../cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from '../../cluster.ts';

let clock: ManualClock;
let cluster: Cluster;
let client: KubeClient;

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1));
  cluster = await createEmbeddedCluster({
    clock,
    standIns: ['cnpg', 'external-secrets', 'gateway-api', 'prometheus-operator'],
    standInStepMs: 1000,
  });
  client = new KubeClient({ transport: cluster.transport() });
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

function made(apiVersion: string, kind: string, name: string, spec: JsonObject, namespace = 'default'): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

async function read(apiVersion: string, kind: string, name: string): Promise<KubeObject> {
  await cluster.idle();
  return client.get({ apiVersion, kind, name, namespace: 'default' });
}

/** Advances the clock second by second, so that the operators complete their steps. */
async function pass(seconds = 10): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await cluster.idle();
    clock.advance(1000);
  }
  await cluster.idle();
}

/** The decoded data of a Secret. */
async function secret(name: string): Promise<Record<string, string>> {
  const data = (await read('v1', 'Secret', name))['data'] as Record<string, string>;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

describe('CloudNativePG', () => {
  const API = 'postgresql.cnpg.io/v1';
  const store = made(API, 'Cluster', 'store', {
    instances: 3,
    storage: { size: '1Gi' },
    bootstrap: { initdb: { database: 'orders', owner: 'shop' } },
  });

  test('instances are created one after the other, with Secrets and Services', async () => {
    await client.create(store);
    const seen = new Set<unknown>();
    for (let second = 0; second < 8; second++) {
      const { status } = await read(API, 'Cluster', 'store');
      seen.add(`${textAt(status, 'phase')} ${countAt(status, 'readyInstances')}`);
      clock.advance(1000);
    }
    expect([...seen]).toEqual([
      'Setting up primary 0',
      'Creating a new replica 1',
      'Creating a new replica 2',
      'Cluster in healthy state 3',
    ]);
    const found = await read(API, 'Cluster', 'store');
    expect(readinessOf(found).state).toBe('current');
    expect(found.status).toMatchObject({ currentPrimary: 'store-1', instanceNames: ['store-1', 'store-2', 'store-3'] });
    const app = await secret('store-app');
    expect(app).toMatchObject({ username: 'shop', dbname: 'orders', host: 'store-rw', port: '5432' });
    expect(app['uri']).toBe(`postgresql://shop:${app['password']}@store-rw.default:5432/orders`);
    const authority = new X509Certificate((await secret('store-ca'))['ca.crt'] ?? '');
    const server = new X509Certificate((await secret('store-server'))['tls.crt'] ?? '');
    expect(server.verify(authority.publicKey) && server.checkIssued(authority)).toBe(true);
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Endpoints' }, { namespace: 'default' });
    const addresses = items.map((each) => [
      each.metadata.name,
      objectsAt(each, 'subsets').flatMap((subset) => objectsAt(subset, 'addresses')).length,
    ]);
    expect(addresses).toEqual(
      expect.arrayContaining([
        ['store-rw', 1],
        ['store-ro', 2],
        ['store-r', 3],
      ]),
    );
  });

  test('a cluster that is scaled down loses its last instances, and keeps its password', async () => {
    await client.create(store);
    await pass();
    const before = await secret('store-app');
    await client.patch(
      { ...store, name: 'store', namespace: 'default' },
      { spec: { instances: 1 } },
      { type: 'merge' },
    );
    await pass(40);
    expect((await read(API, 'Cluster', 'store')).status).toMatchObject({
      instanceNames: ['store-1'],
      readyInstances: 1,
    });
    expect(await secret('store-app')).toEqual(before);
  });

  test('a cluster that is scaled down loses all surplus instances when the pod of one is already missing', async () => {
    await client.create(store);
    await pass();
    const change = (patch: JsonObject) =>
      client.patch({ ...store, name: 'store', namespace: 'default' }, patch, { type: 'merge' });
    // A cluster with a failure does not create a missing instance again.
    await change({ metadata: { annotations: { 'typekro.dev/simulate-failure': 'Stopped' } } });
    await client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'store-2', namespace: 'default' });
    await pass();
    await change({ spec: { instances: 1 } });
    await pass(40);
    for (const kind of ['Pod', 'PersistentVolumeClaim']) {
      const { items } = await client.list({ apiVersion: 'v1', kind }, { namespace: 'default' });
      expect(items.map(({ metadata }) => metadata.name)).toEqual(['store-1']);
    }
  });

  test('a ScheduledBackup creates Backups at the times of its schedule', async () => {
    await client.create(store);
    await client.create(
      made(API, 'ScheduledBackup', 'daily', { schedule: '0 0 0 * * *', cluster: { name: 'store' }, immediate: true }),
    );
    await pass();
    clock.advance(24 * 3600 * 1000);
    await pass();
    const { items } = await client.list({ apiVersion: API, kind: 'Backup' }, { namespace: 'default' });
    expect(items.map(({ metadata, status }) => [metadata.name, status?.['phase']])).toEqual([
      ['daily-20260101000000', 'completed'],
      ['daily-20260102000000', 'completed'],
    ]);
  });
});

describe('External Secrets', () => {
  const API = 'external-secrets.io/v1';
  const fake = made(API, 'SecretStore', 'fake', {
    provider: {
      fake: {
        data: [
          { key: '/db', value: '{"user":"shop","ports":{"main":5432}}' },
          { key: '/token', value: 'dG9rZW4=' },
        ],
      },
    },
  });
  const vault = made(API, 'SecretStore', 'vault', { provider: { vault: { server: 'https://vault.invalid' } } });

  async function valuesOf(store: string, spec: JsonObject): Promise<Record<string, string> | string> {
    await client.create(fake);
    await client.create(vault);
    await client.create(made(API, 'ExternalSecret', 'app', { secretStoreRef: { name: store }, ...spec }));
    await pass();
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default' });
    const failure = items.findLast(({ reason }) => reason === 'UpdateFailed');
    const found = await client.find({ apiVersion: 'v1', kind: 'Secret', name: 'app', namespace: 'default' });
    return found === undefined ? String(failure?.['message']) : secret('app');
  }

  test.each<[string, JsonObject, Record<string, string>]>([
    ['fake', { data: [{ secretKey: 'user', remoteRef: { key: '/db', property: 'user' } }] }, { user: 'shop' }],
    ['fake', { data: [{ secretKey: 'port', remoteRef: { key: '/db', property: 'ports.main' } }] }, { port: '5432' }],
    [
      'fake',
      { data: [{ secretKey: 'token', remoteRef: { key: '/token', decodingStrategy: 'Base64' } }] },
      { token: 'token' },
    ],
    ['fake', { dataFrom: [{ extract: { key: '/db' } }] }, { user: 'shop', ports: '{"main":5432}' }],
    [
      'fake',
      { dataFrom: [{ extract: { key: '/db' }, rewrite: [{ regexp: { source: '(.*)', target: 'db_$1' } }] }] },
      { db_user: 'shop', db_ports: '{"main":5432}' },
    ],
    [
      'fake',
      {
        data: [{ secretKey: 'user', remoteRef: { key: '/db', property: 'user' } }],
        target: { template: { data: { 'app.conf': 'user={{ .user }}\n' } } },
      },
      { 'app.conf': 'user=shop\n' },
    ],
    [
      'vault',
      { data: [{ secretKey: 'a', remoteRef: { key: 'kv/a', property: 'b' } }] },
      { a: 'stand-in:vault/kv/a#b' },
    ],
    ['vault', { dataFrom: [{ extract: { key: 'kv/a' } }] }, { a: 'stand-in:vault/kv/a' }],
    [
      'vault',
      { dataFrom: [{ extract: { key: '__proto__' } }], data: [{ secretKey: 'a', remoteRef: { key: 'b' } }] },
      Object.fromEntries([
        ['__proto__', 'stand-in:vault/__proto__'],
        ['a', 'stand-in:vault/b'],
      ]),
    ],
  ])('the store %s provides the values for the spec %j', async (store, spec, values) => {
    expect(await valuesOf(store, spec)).toEqual(values);
    expect(readinessOf(await read(API, 'ExternalSecret', 'app')).state).toBe('current');
  });

  test.each<[JsonObject, string]>([
    [{ data: [{ secretKey: 'a', remoteRef: { key: '/none' } }] }, 'Secret does not exist'],
    [
      { data: [{ secretKey: 'a', remoteRef: { key: '/db', property: 'none' } }] },
      'property "none" does not exist in key "/db"',
    ],
    [{ dataFrom: [{ extract: { key: '/token' } }] }, 'the value of "/token" is not a JSON object'],
    [{ dataFrom: [{ find: { name: { regexp: '(' } } }] }, 'the regular expression "(" is invalid'],
    [{ target: { template: { data: { a: '{{ range .x }}' } } } }, 'does not carry out the action {{ range .x }}'],
  ])('an ExternalSecret with the spec %j makes no Secret, and an event says why', async (spec, message) => {
    const before = await valuesOf('fake', spec);
    expect(before).not.toBeTypeOf('object');
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default' });
    expect(items.map((event) => event['message'])).toContainEqual(expect.stringContaining(message));
  });

  test('a changed store is read again after the interval', async () => {
    await valuesOf('fake', { refreshInterval: '1h', data: [{ secretKey: 'token', remoteRef: { key: '/token' } }] });
    const provider = { provider: { fake: { data: [{ key: '/token', value: 'new' }] } } };
    await client.apply({ ...fake, spec: provider }, { fieldManager: 'test', force: true });
    await pass();
    expect(await secret('app')).toEqual({ token: 'dG9rZW4=' });
    clock.advance(3600 * 1000);
    expect(await secret('app')).toEqual({ token: 'new' });
  });

  test.each(['0s', '-1s'])('a changed store is not read again with the interval %s', async (refreshInterval) => {
    await valuesOf('fake', { refreshInterval, data: [{ secretKey: 'token', remoteRef: { key: '/token' } }] });
    const { resourceVersion } = (await read(API, 'ExternalSecret', 'app')).metadata;
    const provider = { provider: { fake: { data: [{ key: '/token', value: 'new' }] } } };
    await client.apply({ ...fake, spec: provider }, { fieldManager: 'test', force: true });
    await pass();
    expect(await secret('app')).toEqual({ token: 'dG9rZW4=' });
    expect((await read(API, 'ExternalSecret', 'app')).metadata.resourceVersion).toBe(resourceVersion);
  });
});

describe('the Gateway API', () => {
  const API = 'gateway.networking.k8s.io/v1';

  async function gateway(listener: JsonObject): Promise<void> {
    await client.create({
      apiVersion: API,
      kind: 'GatewayClass',
      metadata: { name: 'c' },
      spec: { controllerName: 'example.com/c' },
    });
    const listeners = [{ name: 'web', port: 80, protocol: 'HTTP', ...listener }];
    await client.create(made(API, 'Gateway', 'entry', { gatewayClassName: 'c', listeners }));
  }
  const route = (spec: JsonObject): KubeObject =>
    made(API, 'HTTPRoute', 'r', { parentRefs: [{ name: 'entry' }], rules: [{}], ...spec });
  const reasons = ({ status }: KubeObject): unknown[] =>
    objectsAt(status, 'parents').flatMap((parent) => objectsAt(parent, 'conditions').map((each) => each['reason']));

  test('a gateway is programmed when its Service has an address, and its status counts the attached routes', async () => {
    await gateway({});
    expect(readinessOf(await read(API, 'Gateway', 'entry')).state).not.toBe('current');
    await client.create(route({}));
    await pass();
    const found = await read(API, 'Gateway', 'entry');
    const service = await read('v1', 'Service', 'entry-c');
    expect(readinessOf(found).state).toBe('current');
    expect(found.status?.['addresses']).toEqual([
      { type: 'IPAddress', value: objectsAt(service.status, 'loadBalancer', 'ingress')[0]?.['ip'] },
    ]);
    expect(found.status?.['listeners']).toMatchObject([{ name: 'web', attachedRoutes: 1 }]);
    expect(reasons(await read(API, 'HTTPRoute', 'r'))).toEqual(['Accepted', 'ResolvedRefs']);
  });

  test.each<[JsonObject, JsonObject, string[]]>([
    [{}, { parentRefs: [{ name: 'entry', sectionName: 'none' }] }, ['NoMatchingParent', 'ResolvedRefs']],
    [{ hostname: '*.example.com' }, { hostnames: ['a.example.org'] }, ['NoMatchingListenerHostname', 'ResolvedRefs']],
    [{ hostname: '*.example.com' }, { hostnames: ['a.example.com'] }, ['Accepted', 'ResolvedRefs']],
    [{ allowedRoutes: { kinds: [{ kind: 'GRPCRoute' }] } }, {}, ['NotAllowedByListeners', 'ResolvedRefs']],
    [
      { allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { a: 'b' } } } } },
      {},
      ['NotAllowedByListeners', 'ResolvedRefs'],
    ],
    [{}, { rules: [{ backendRefs: [{ name: 'none', port: 80 }] }] }, ['Accepted', 'BackendNotFound']],
    [
      {},
      { rules: [{ backendRefs: [{ name: 'x', namespace: 'kube-system', port: 80 }] }] },
      ['Accepted', 'RefNotPermitted'],
    ],
  ])('with the listener %j, the route %j gets the condition reasons %j', async (listener, spec, expected) => {
    await gateway(listener);
    await client.create(route(spec));
    await pass();
    expect(reasons(await read(API, 'HTTPRoute', 'r'))).toEqual(expected);
  });

  test('a ReferenceGrant allows a listener to use a certificate of another namespace', async () => {
    const tls = { certificateRefs: [{ name: 'tls', namespace: 'kube-public' }] };
    await gateway({ protocol: 'HTTPS', tls });
    const data = { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' };
    await client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls', namespace: 'kube-public' },
      type: 'kubernetes.io/tls',
      data,
    });
    await pass();
    const resolved = async () =>
      objectsAt((await read(API, 'Gateway', 'entry')).status, 'listeners')
        .flatMap((listener) => objectsAt(listener, 'conditions'))
        .find(({ type }) => type === 'ResolvedRefs')?.['reason'];
    expect(await resolved()).toBe('RefNotPermitted');
    await client.create(
      made(
        'gateway.networking.k8s.io/v1beta1',
        'ReferenceGrant',
        'g',
        {
          from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default' }],
          to: [{ group: '', kind: 'Secret' }],
        },
        'kube-public',
      ),
    );
    expect(await resolved()).toBe('ResolvedRefs');
  });
});

test('a Prometheus whose CRD the test installs becomes available and binds the monitors that it selects', async () => {
  const API = 'monitoring.coreos.com/v1';
  await client.create(
    crdOf('Prometheus', ANYTHING, {
      group: 'monitoring.coreos.com',
      names: { plural: 'prometheuses' },
      fields: { subresources: { status: {} } },
    }),
  );
  const monitor = (name: string, team: string): KubeObject => ({
    ...made(API, 'ServiceMonitor', name, { selector: {}, endpoints: [] }),
    metadata: { name, namespace: 'default', labels: { team } },
  });
  await client.create(monitor('ours', 'a'));
  await client.create(monitor('theirs', 'b'));
  await client.create(
    made(API, 'Prometheus', 'k8s', { replicas: 2, serviceMonitorSelector: { matchLabels: { team: 'a' } } }),
  );
  await pass();
  const prometheus = await read(API, 'Prometheus', 'k8s');
  expect(prometheus.status).toMatchObject({ replicas: 2, availableReplicas: 2, unavailableReplicas: 0 });
  expect(readinessOf(prometheus).state).toBe('current');
  expect((await read(API, 'ServiceMonitor', 'ours')).status).toMatchObject({
    bindings: [{ name: 'k8s', resource: 'prometheuses' }],
  });
  expect((await read(API, 'ServiceMonitor', 'theirs')).status).toBeUndefined();
  expect((await read('apps/v1', 'StatefulSet', 'prometheus-k8s')).status).toMatchObject({ readyReplicas: 2 });
});
