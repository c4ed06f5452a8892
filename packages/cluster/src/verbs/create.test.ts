import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendJson } from '../../test-support/send-json.ts';
import type { Cluster } from '../cluster.ts';
import { createEmbeddedCluster } from '../cluster.ts';

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
