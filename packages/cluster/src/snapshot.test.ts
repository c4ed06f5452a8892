import { describe, expect, test, vi } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { sendJson } from '../test-support/send-json.ts';
import { createManualClock } from './cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';

type Answer = Record<string, never> & { metadata: { resourceVersion: string; uid: string }; items: unknown[] };

const call = (cluster: Cluster, method: string, path: string, body?: object) =>
  sendJson<Answer>(cluster, method, path, { body });

const MAPS = '/api/v1/namespaces/default/configmaps';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GADGETS = '/apis/example.com/v1/namespaces/default/gadgets';
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const gadget = (name: string) => ({ apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name }, spec: {} });
const crd = crdOf('Gadget', {
  properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3 } } } },
});
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};
const service = (name: string, clusterIP?: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { type: 'NodePort', ports: [{ port: 80 }], ...(clusterIP === undefined ? {} : { clusterIP }) },
});

/** The objects of the kinds that the tests compare, as a client lists them. */
async function contents(cluster: Cluster): Promise<unknown> {
  const paths = [
    MAPS,
    CRDS,
    '/api/v1/services',
    '/api/v1/pods',
    '/apis/apps/v1/deployments',
    '/apis/apps/v1/replicasets',
    '/api/v1/events',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ];
  const lists = await Promise.all(paths.map((path) => call(cluster, 'GET', path)));
  return lists.map(({ body }) => body.items);
}

describe('a restored cluster', () => {
  test('has the objects of the snapshot with their versions and uids, and accepts new writes', async () => {
    await using cluster = await createEmbeddedCluster({ clock: createManualClock(0) });
    await call(cluster, 'POST', '/apis/apps/v1/namespaces/default/deployments', web);
    await call(cluster, 'POST', CRDS, crd);
    await cluster.idle();
    await call(cluster, 'POST', GADGETS, gadget('one'));
    await cluster.idle();
    const before = await contents(cluster);
    const snapshot = cluster.snapshot();

    await call(cluster, 'POST', MAPS, map('new'));
    await call(cluster, 'DELETE', '/apis/apps/v1/namespaces/default/deployments/web');
    await call(cluster, 'DELETE', `${CRDS}/gadgets.example.com`);
    await cluster.idle();
    expect((await call(cluster, 'GET', '/api/v1/namespaces/default/pods')).body.items).toEqual([]);
    const abandoned = Number((await call(cluster, 'GET', MAPS)).body.metadata.resourceVersion);

    cluster.restore(snapshot);
    expect(await contents(cluster)).toEqual(before);
    const version = Number((await call(cluster, 'GET', MAPS)).body.metadata.resourceVersion);
    expect(version).toBe(abandoned + 1);
    await cluster.idle();
    expect(await contents(cluster), 'causes no work for the controllers').toEqual(before);

    expect((await call(cluster, 'POST', GADGETS, gadget('two'))).body).toMatchObject({ spec: { size: 3 } });
    expect((await call(cluster, 'GET', GADGETS)).body.items).toHaveLength(2);
    const scale = { spec: { replicas: 3 } };
    await cluster
      .transport()
      .request({
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/default/deployments/web',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify(scale),
      });
    await cluster.idle();
    expect((await call(cluster, 'GET', '/api/v1/namespaces/default/pods')).body.items).toHaveLength(3);
  });

  test('does not serve kinds whose CRDs were created after the snapshot', async () => {
    await using cluster = await createEmbeddedCluster();
    const snapshot = cluster.snapshot();
    await call(cluster, 'POST', CRDS, crd);
    await cluster.idle();
    await call(cluster, 'POST', GADGETS, gadget('one'));
    cluster.restore(snapshot);
    await cluster.idle();
    const gone = await cluster.transport().request({ method: 'GET', path: GADGETS });
    expect(gone.status).toBe(404);
    await call(cluster, 'POST', CRDS, crd);
    await cluster.idle();
    expect((await call(cluster, 'GET', GADGETS)).body.items).toEqual([]);
  });

  test('has allocated exactly the addresses of the Services in the snapshot', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const SERVICES = '/api/v1/namespaces/default/services';
    const first = await call(cluster, 'POST', SERVICES, service('a'));
    const { clusterIP } = (first.body as unknown as { spec: { clusterIP: string } }).spec;
    const snapshot = cluster.snapshot();
    const later = await call(cluster, 'POST', SERVICES, service('b'));
    const free = (later.body as unknown as { spec: { clusterIP: string } }).spec.clusterIP;
    cluster.restore(snapshot);
    expect((await call(cluster, 'POST', SERVICES, service('c', clusterIP))).status).toBe(422);
    expect((await call(cluster, 'POST', SERVICES, service('c', free))).status).toBe(201);
  });

  test('ends open watches with 410 and refuses watches from versions before the restore', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const snapshot = cluster.snapshot();
    const watch = await cluster.transport().request({ method: 'GET', path: `${MAPS}?watch=true` });
    const created = await call(cluster, 'POST', MAPS, map('a'));
    cluster.restore(snapshot);
    let text = '';
    for await (const chunk of watch.body) text += Buffer.from(chunk).toString();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: { code?: number } });
    expect(lines.map(({ type, object }) => [type, object.code])).toEqual([
      ['ADDED', undefined],
      ['ERROR', 410],
    ]);
    const again = await cluster
      .transport()
      .request({ method: 'GET', path: `${MAPS}?watch=true&resourceVersion=${created.body.metadata.resourceVersion}` });
    let resumed = '';
    for await (const chunk of again.body) resumed += Buffer.from(chunk).toString();
    expect(resumed).toContain('"code":410');
  });

  test('refuses an update with a resource version that the restore has undone', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const original = (await call(cluster, 'POST', MAPS, map('a'))).body;
    const snapshot = cluster.snapshot();
    const changed = (await call(cluster, 'PUT', `${MAPS}/a`, { ...original, data: { a: 'b' } })).body;
    cluster.restore(snapshot);
    expect((await call(cluster, 'PUT', `${MAPS}/a`, { ...changed, data: { a: 'c' } })).status).toBe(409);
    expect((await call(cluster, 'PUT', `${MAPS}/a`, { ...original, data: { a: 'c' } })).status).toBe(200);
  });

  test('is independent of the cluster from which the snapshot was taken', async () => {
    await using first = await createEmbeddedCluster({ clock: createManualClock(0) });
    await call(first, 'POST', CRDS, crd);
    await first.idle();
    await call(first, 'POST', GADGETS, gadget('one'));
    await first.idle();
    await using second = await createEmbeddedCluster({ clock: createManualClock(0) });
    second.restore(first.snapshot());
    await second.idle();
    expect(await contents(second)).toEqual(await contents(first));
    await call(second, 'DELETE', `${GADGETS}/one`);
    expect((await call(first, 'GET', `${GADGETS}/one`)).status).toBe(200);
  });

  test('has the endpoints of its own server address', async () => {
    const at = (ip: string, port: number) =>
      createEmbeddedCluster({ controllers: false, serverAddress: { ip, port }, clock: createManualClock(0) });
    await using first = await at('127.0.0.1', 40_001);
    await using second = await at('::1', 40_002);
    second.restore(first.snapshot());
    expect((await call(second, 'GET', '/api/v1/namespaces/default/services/kubernetes')).body).toMatchObject({
      spec: { ports: [{ port: 443, targetPort: 40_002 }] },
    });
    expect((await call(second, 'GET', '/api/v1/namespaces/default/endpoints/kubernetes')).body).toMatchObject({
      subsets: [{ addresses: [{ ip: '::1' }], ports: [{ port: 40_002 }] }],
    });
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    expect((await call(second, 'GET', `${slices}/kubernetes`)).body).toMatchObject({
      addressType: 'IPv6',
      endpoints: [{ addresses: ['::1'] }],
      ports: [{ port: 40_002 }],
    });
  });
});

describe('a disabled controller', () => {
  test('does not queue work, and processes all objects when it is enabled', async () => {
    await using cluster = await createEmbeddedCluster({ controllers: { disable: ['deployment-controller'] } });
    await call(cluster, 'POST', '/apis/apps/v1/namespaces/default/deployments', web);
    await cluster.idle();
    const pods = async () => (await call(cluster, 'GET', '/api/v1/namespaces/default/pods')).body.items.length;
    expect(await pods()).toBe(0);
    cluster.controllers.enable('deployment-controller');
    await cluster.idle();
    expect(await pods()).toBe(2);
    cluster.controllers.disable('replicaset-controller');
    await call(cluster, 'DELETE', '/api/v1/namespaces/default/pods');
    await cluster.idle();
    expect(await pods()).toBe(0);
    cluster.controllers.enable('replicaset-controller');
    await cluster.idle();
    expect(await pods()).toBe(2);
  });

  test('must have a known name', async () => {
    await using cluster = await createEmbeddedCluster();
    expect(() => cluster.controllers.disable('nobody')).toThrow('no simulated controller is named "nobody"');
  });
});

test('a process that has not loaded the schema engine serves the custom resources of a restored snapshot at once', async () => {
  await using first = await createEmbeddedCluster();
  await call(first, 'POST', CRDS, crd);
  await first.idle();
  await call(first, 'POST', GADGETS, gadget('kept'));
  const snapshot = structuredClone(first.snapshot());

  vi.resetModules();
  const fresh = await import('./cluster.ts');
  await using second = await fresh.createEmbeddedCluster();
  second.restore(snapshot);
  const [kept, made, wrong] = await Promise.all([
    call(second, 'GET', `${GADGETS}/kept`),
    call(second, 'POST', GADGETS, gadget('made')),
    call(second, 'POST', GADGETS, { ...gadget('wrong'), spec: { size: 'large' } }),
  ]);
  expect([kept.status, made.status, wrong.status]).toEqual([200, 201, 422]);
  expect(made.body).toMatchObject({ spec: { size: 3 } });
});

test('the objects of a changed snapshot are sorted, and those that are not at their place are refused', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  await call(cluster, 'POST', CRDS, crd);
  await cluster.idle();
  for (const name of ['a', 'c']) await call(cluster, 'POST', MAPS, map(name));
  await call(cluster, 'POST', GADGETS, gadget('g'));
  const taken = cluster.snapshot();
  const restore = (plural: string, group: string, object: Partial<KubeObject>) => {
    const item = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      ...object,
      metadata: { name: 'b', namespace: 'default', resourceVersion: '9', ...object.metadata },
    };
    const found = taken.collections.filter((each) => each.plural === plural && each.group === group);
    const items = [...found.flatMap((each) => each.items), item];
    const collections = [...taken.collections.filter((each) => !found.includes(each)), { group, plural, items }];
    cluster.restore({ ...taken, collections });
  };
  for (const [plural, group, object] of [
    ['configmaps', '', { kind: 'Secret' }],
    ['configmaps', '', { apiVersion: 'acme.test/v1' }],
    ['configmaps', '', { metadata: { name: '../../x' } }],
    ['configmaps', '', { metadata: { namespace: '..' } }],
    ['configmaps', '', { metadata: { name: 'a' } }],
    ['zs', '', { kind: 'Z' }],
    ['__proto__', 'x.y', { apiVersion: 'x.y/v1' }],
    ['gadgets', 'example.com', { apiVersion: 'example.com/v1' }],
  ] as const)
    expect(() => restore(plural, group, object), plural).toThrow('the snapshot was changed: it cannot have');
  restore('configmaps', '', {});
  restore('gadgets', 'example.com', { apiVersion: 'example.com/v1', kind: 'Gadget' });
  restore('configmaps', '', {});
  const { body } = await call(cluster, 'GET', MAPS);
  expect(body.items.map((item) => (item as KubeObject).metadata.name)).toEqual(['a', 'b', 'c']);
});
