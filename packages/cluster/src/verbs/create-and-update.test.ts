import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { sendJson } from '../../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import { MAPS, call, map } from '../../test-support/webhook-cluster.ts';

describe('create', () => {
  const MAPS = '/api/v1/namespaces/default/configmaps';
  const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const SET = 'resourceVersion should not be set on objects to be created';

  let cluster: Cluster;

  async function send(method: string, path: string, metadata: object, more: object = {}) {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    type Answer = { message?: string; metadata?: { resourceVersion?: string } };
    const { status, body } = await sendJson<Answer>(cluster, method, path, { body: { metadata, ...more }, type });
    return { status, message: body.message, version: body.metadata?.resourceVersion };
  }

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
  });
  afterAll(() => cluster.close());

  test.each([
    ['a resource version', 'a', '5', 500, SET],
    ['a resource version and an invalid name', 'A_', '5', 422, /is invalid: metadata.name: Invalid value/],
    ['a resource version and the name of an existing object', 'kube-root', '5', 500, SET],
  ])('an object with %s is not created', async (_, name, resourceVersion, status, message) => {
    await send('POST', MAPS, { name: 'kube-root' });
    const refused = await send('POST', MAPS, { name, resourceVersion });
    expect(refused.status).toBe(status);
    expect(refused.message).toMatch(message);
  });

  test.each(['', '0', '00', 'x', '18446744073709551616'])(
    'a create ignores the resource version %j',
    async (resourceVersion) => {
      const created = await send('POST', MAPS, { generateName: 'v-', resourceVersion });
      expect(created.status).toBe(201);
      expect(created.version).toMatch(/^[1-9]\d*$/);
    },
  );

  describe('admission runs before the checks of the storage', () => {
    const PODS = '/api/v1/namespaces/default/pods';
    const containers = [{ name: 'c', image: 'i' }];
    const pod = (more: object = {}) =>
      send('POST', PODS, { name: 'p', ...more }, { spec: { containers, hostNetwork: true } });

    test('a pod that violates Pod Security is refused for this reason, even when its name is taken', async () => {
      expect((await pod()).status).toBe(201);
      expect((await pod()).status).toBe(409);
      const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
      await send('PATCH', '/api/v1/namespaces/default', { labels });
      expect(await pod()).toMatchObject({
        status: 403,
        message: expect.stringContaining('violates PodSecurity') as string,
      });
      await send('PATCH', '/api/v1/namespaces/default', { labels: { 'pod-security.kubernetes.io/enforce': null } });
    });

    test('an exceeded quota takes precedence over a resource version and a taken name, and a refused object is not counted', async () => {
      const quotas = '/api/v1/namespaces/default/resourcequotas';
      await send('POST', quotas, { name: 'q' }, { spec: { hard: { 'count/configmaps': '2' } } });
      const use = (used: string) =>
        send(
          'PUT',
          `${quotas}/q/status`,
          { name: 'q' },
          { status: { hard: { 'count/configmaps': '2' }, used: { 'count/configmaps': used } } },
        );
      await use('1');
      expect((await send('POST', MAPS, { name: 'counted' })).status).toBe(201);
      for (const more of [{}, { resourceVersion: '5' }])
        expect(await send('POST', MAPS, { name: 'counted', ...more })).toMatchObject({
          status: 403,
          message: expect.stringContaining('exceeded quota: q') as string,
        });
      await use('0');
      for (let turn = 0; turn < 4; turn++) expect((await send('POST', MAPS, { name: 'counted' })).status).toBe(409);
      expect((await send('DELETE', `${quotas}/q`, {})).status).toBe(200);
    });
  });

  test('the response to a dry run has the resource version of the request', async () => {
    expect(await send('POST', `${MAPS}?dryRun=All`, { name: 'd', resourceVersion: '5' })).toMatchObject({
      status: 201,
      version: '5',
    });
    expect(await send('POST', `${MAPS}?dryRun=All`, { name: 'd' })).toMatchObject({ status: 201, version: undefined });
  });

  test.each([
    ['a version', { resourceVersion: '5' }, 201, undefined],
    ['a malformed version', { resourceVersion: 'x' }, 500, /resourceVersion: Invalid value: "x": strconv.ParseUint/],
    ['a uid', { uid: 'u' }, 409, /Precondition failed: UID in precondition: u, UID in object meta: $/],
  ])(
    'for a missing object, a PUT with %s gets the status that an API server sends',
    async (_, named, status, message) => {
      const name = `l-${status}`;
      const answer = await send('PUT', `${LEASES}/${name}`, { name, ...named });
      expect(answer.status).toBe(status);
      if (message !== undefined) expect(answer.message).toMatch(message);
    },
  );

  test('the refusal of a taken name says whether the other object is being deleted', async () => {
    await send('POST', MAPS, { name: 'leaving', finalizers: ['example.com/x'] });
    const refused = () => send('POST', MAPS, { name: 'leaving' });
    expect(await refused()).toMatchObject({ status: 409, message: 'configmaps "leaving" already exists' });
    await send('DELETE', `${MAPS}/leaving`, {});
    expect(await refused()).toMatchObject({
      status: 409,
      message: 'object is being deleted: configmaps "leaving" already exists',
    });
  });
});

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

interface Deployment {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly observedGeneration?: number };
}

test('a write changes either the spec or the status, and only a change of the spec increases the generation', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const send = async (method: string, path: string, body: object): Promise<Deployment> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return (await sendJson<Deployment>(cluster, method, path, { body, type })).body;
  };
  const labels = { app: 'a' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  const seen = ({ metadata, spec: { replicas }, status }: Deployment) => [
    metadata.generation,
    replicas,
    status?.observedGeneration,
  ];
  const both = (replicas: number) => ({ spec: { replicas }, status: { observedGeneration: replicas } });
  expect(seen(await send('POST', DEPLOYMENTS, { metadata: { name: 'a' }, spec }))).toEqual([1, 1, undefined]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a`, both(2)))).toEqual([2, 2, undefined]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a/status`, both(3)))).toEqual([2, 2, 3]);
  expect(seen(await send('PATCH', `${DEPLOYMENTS}/a`, { metadata: { labels } }))).toEqual([2, 2, 3]);
});

test.each([
  ['', 200, 422],
  ['0', 200, 422],
  ['00', 200, 422],
  ['live', 200, 200],
  ['00live', 200, 200],
  ['1', 409, 409],
  ['99999999999999999999999', 500, 500],
  ['x', 500, 500],
])(
  'a PUT with the resource version %j gets the status %i, and %i for a custom resource',
  async (version, builtin, custom) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const transport = cluster.transport();
    await call(transport, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crdOf('Gear'));
    await cluster.idle();
    const gears = '/apis/example.com/v1/namespaces/default/gears';
    const gear = { apiVersion: 'example.com/v1', kind: 'Gear', metadata: { name: 'a' } };
    for (const [path, object, status] of [
      [MAPS, map('a'), builtin],
      [gears, gear, custom],
    ] as const) {
      const live = await call(transport, 'POST', path, object);
      const resourceVersion = version.replace('live', String(live.body.metadata['resourceVersion']));
      const body = { ...object, metadata: { name: 'a', resourceVersion } };
      expect((await call(transport, 'PUT', `${path}/a`, body)).status).toBe(status);
    }
  },
);
