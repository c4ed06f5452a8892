import { describe, expect, test } from 'vitest';
import { call } from '../../test-support/webhook-cluster.ts';
import type { JsonObject } from '@typekro/kit/core';
import { type ManualClock, createEmbeddedCluster, createManualClock } from '../index.ts';

const NS = '/api/v1/namespaces/default';

/**
 * A cluster with the account `robot`, its pod `p` on the node `n`, the Secret `s`, and the pod `other` of an account
 * `o`.
 */
async function setUp() {
  const clock: ManualClock = createManualClock(Date.parse('2026-01-01T12:00:00Z'));
  const cluster = await createEmbeddedCluster({ controllers: false, clock });
  const transport = cluster.transport();
  const post = (path: string, body: object) => call(transport, 'POST', path, body);
  const pod = (name: string, serviceAccountName: string) => ({
    metadata: { name, finalizers: ['a.example/b'] },
    spec: { serviceAccountName, nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  for (const name of ['robot', 'o']) await post(`${NS}/serviceaccounts`, { metadata: { name } });
  const uids: Record<string, unknown> = {};
  const add = async (path: string, body: { metadata: { name: string } }) => {
    uids[body.metadata.name] = (await post(path, body)).body.metadata['uid'];
  };
  await add('/api/v1/nodes', { metadata: { name: 'n' } });
  await add(`${NS}/pods`, pod('p', 'robot'));
  await add(`${NS}/pods`, pod('other', 'o'));
  await add(`${NS}/secrets`, { metadata: { name: 's' } });
  return {
    cluster,
    clock,
    uids,
    request: (spec: object, metadata: object = {}) => post(`${NS}/serviceaccounts/robot/token`, { spec, metadata }),
    /** Reviews a token, and returns the status of the TokenReview. */
    async review(token: unknown): Promise<JsonObject> {
      const answer = await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
      return answer.body['status'] as JsonObject;
    },
    remove: (path: string) => call(transport, 'DELETE', path),
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

const bound = (kind: string, name: string, more: object = {}) => ({
  boundObjectRef: { apiVersion: 'v1', kind, name, ...more },
});

const tokenOf = ({ body }: { body: JsonObject }) => (body['status'] as JsonObject)['token'];

const claimsOf = (token: unknown) =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as JsonObject;

describe('a request for a token is refused', () => {
  test.each([
    [{ expirationSeconds: 599 }, 422, 'may not specify a duration less than 10 minutes'],
    [{ expirationSeconds: 2 ** 32 + 1 }, 422, 'may not specify a duration larger than 2^32 seconds'],
    [bound('ConfigMap', 'c'), 400, 'cannot bind token to object of type /v1, Kind=ConfigMap'],
    [
      { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Pod', name: 'p' } },
      400,
      'cannot bind token to object of type apps/v1, Kind=Pod',
    ],
    [bound('Pod', ''), 400, 'Name parameter required.'],
    [bound('Pod', 'gone'), 404, 'pods "gone" not found'],
    [bound('Secret', 'gone'), 404, 'secrets "gone" not found'],
    [bound('Node', 'gone'), 404, 'nodes "gone" not found'],
    [
      bound('Pod', 'other'),
      400,
      'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    ],
    [
      bound('Secret', 's', { uid: 'u' }),
      409,
      'Operation cannot be fulfilled on Secret "s": the UID in the bound object reference (u) does not match the UID in record. The object might have been deleted and then recreated',
    ],
  ])('%j', async (spec, status, message) => {
    await using set = await setUp();
    const answer = await set.request(spec);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)]);
  });
});

test('a body whose name is not that of the account is refused', async () => {
  await using set = await setUp();
  const { status, body } = await set.request({}, { name: 'other' });
  expect([status, body.message]).toEqual([
    422,
    'TokenRequest.authentication.k8s.io "robot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
  ]);
});

describe('the validity of a token', () => {
  const YEAR = 365 * 86_400;
  const pod = bound('Pod', 'p');
  test.each<[string, object, number, number | undefined]>([
    ['that is bound to a pod is a year if 3607 s are requested', { ...pod, expirationSeconds: 3607 }, YEAR, 3607],
    [
      'that is bound to a pod is the requested lifetime if 3606 s are requested',
      { ...pod, expirationSeconds: 3606 },
      3606,
      undefined,
    ],
    [
      'that is not bound to a pod is the requested lifetime',
      { ...bound('Secret', 's'), expirationSeconds: 3607 },
      3607,
      undefined,
    ],
    [
      'for an audience other than the API server is the requested lifetime',
      { ...pod, expirationSeconds: 3607, audiences: ['a'] },
      3607,
      undefined,
    ],
  ])('%s', async (_, spec, validSeconds, warnSeconds) => {
    await using set = await setUp();
    const answer = await set.request(spec);
    const { exp, iat, 'kubernetes.io': own } = claimsOf(tokenOf(answer)) as Record<string, number>;
    const { warnafter } = own as unknown as Record<string, number>;
    expect((exp ?? 0) - (iat ?? 0)).toBe(validSeconds);
    expect(warnafter).toBe(warnSeconds === undefined ? undefined : (iat ?? 0) + warnSeconds);
    const seconds = (spec as Record<string, number>)['expirationSeconds'] ?? 0;
    const shown = new Date(set.clock.now() + seconds * 1000).toISOString().replace('.000', '');
    expect(answer.body['status']).toMatchObject({ expirationTimestamp: shown });
    expect(answer.body['spec']).toMatchObject({ expirationSeconds: seconds });
  });
});

test.each([
  [600, 201],
  [2 ** 32, 201],
])('a token may be requested for %s seconds', async (expirationSeconds, status) => {
  await using set = await setUp();
  expect((await set.request({ expirationSeconds })).status).toBe(status);
});

describe('a bound token', () => {
  test.each([
    ['Pod', 'p', { pod: 'p', node: 'n' }, ['pod', 'node']],
    ['Secret', 's', { secret: 's' }, []],
    ['Node', 'n', { node: 'n' }, ['node']],
  ])(
    'for a %s has claims about the object, and the user of the token has the expected extra values',
    async (kind, name, claims, shown) => {
      await using set = await setUp();
      const token = tokenOf(await set.request(bound(kind, name, { uid: set.uids[name] })));
      const { jti, 'kubernetes.io': own } = claimsOf(token);
      const named = Object.entries(claims).map(([key, of]) => [key, { name: of, uid: set.uids[of] }]);
      expect(own).toMatchObject(Object.fromEntries(named));
      expect(Object.keys(own as JsonObject).toSorted()).toEqual(
        ['namespace', 'serviceaccount', ...Object.keys(claims)].toSorted(),
      );
      const prefix = 'authentication.kubernetes.io/';
      const extra = shown.flatMap((key) => {
        const of = claims[key as keyof typeof claims] ?? '';
        return [
          [`${prefix}${key}-name`, [of]],
          [`${prefix}${key}-uid`, [set.uids[of]]],
        ];
      });
      expect((await set.review(token))['user']).toMatchObject({ username: 'system:serviceaccount:default:robot' });
      expect(((await set.review(token))['user'] as JsonObject)['extra']).toEqual({
        ...(Object.fromEntries(extra) as JsonObject),
        [`${prefix}credential-id`]: [`JTI=${String(jti)}`],
      });
    },
  );

  test.each([
    ['Secret', 's', `${NS}/secrets/s`],
    ['Node', 'n', '/api/v1/nodes/n'],
  ])('for a %s becomes invalid when this object is deleted', async (kind, name, path) => {
    await using set = await setUp();
    const token = tokenOf(await set.request(bound(kind, name)));
    expect(await set.review(token)).toMatchObject({ authenticated: true });
    await set.remove(path);
    expect(await set.review(token)).toEqual({ user: {}, error: 'invalid bearer token' });
  });

  test('for a pod remains valid for a minute after the deletion of the pod has begun, even if its node is gone', async () => {
    await using set = await setUp();
    const token = tokenOf(await set.request(bound('Pod', 'p')));
    await set.remove('/api/v1/nodes/n');
    await set.remove(`${NS}/pods/p?gracePeriodSeconds=0`);
    set.clock.advance(60_000);
    expect(await set.review(token)).toMatchObject({ authenticated: true });
    set.clock.advance(1000);
    expect(await set.review(token)).toEqual({ user: {}, error: 'invalid bearer token' });
  });
});
