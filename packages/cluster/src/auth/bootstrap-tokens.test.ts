import { expect, test } from 'vitest';
import { createMovableClock } from '../movable-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import { call } from '../../test-support/webhook-cluster.ts';
import { bootstrapUser } from './bootstrap-tokens.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const TOKEN = 'abcdef.0123456789abcdef';

const encoded = (data: Record<string, string>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));

const DATA = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };

const secretOf = (data: Record<string, string>, type = 'bootstrap.kubernetes.io/token') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  type,
  data: encoded(data),
});

function userWith(data: Record<string, string>, token = TOKEN, type?: string) {
  const object = secretOf(data, type);
  const get = (key: string) => (key === 'kube-system/bootstrap-token-abcdef' ? { object } : undefined);
  const collection = { size: 1, get, all: () => [], inNamespace: () => [] };
  return bootstrapUser({ collection: () => collection }, token, NOW);
}

const BOOTSTRAPPER = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] };
const GROUPS = 'system:bootstrappers:z,system:bootstrappers:a-1';

test.each<[string, Record<string, string>, unknown]>([
  ['the id and the secret of the token', DATA, BOOTSTRAPPER],
  [
    'further groups',
    { ...DATA, 'auth-extra-groups': GROUPS },
    { ...BOOTSTRAPPER, groups: ['system:bootstrappers', 'system:bootstrappers:a-1', 'system:bootstrappers:z'] },
  ],
  ['a group that is not a bootstrapper group', { ...DATA, 'auth-extra-groups': 'system:masters' }, undefined],
  ['another secret', { ...DATA, 'token-secret': '0123456789abcdeg' }, undefined],
  ['a shorter secret', { ...DATA, 'token-secret': '0123' }, undefined],
  ['another id', { ...DATA, 'token-id': 'abcdeg' }, undefined],
  ['no use for authentication', { ...DATA, 'usage-bootstrap-authentication': 'TRUE' }, undefined],
  ['an expiration in the future', { ...DATA, expiration: '2026-01-01T01:00:01+01:00' }, BOOTSTRAPPER],
  ['an expiration at the present time', { ...DATA, expiration: '2026-01-01T00:00:00Z' }, undefined],
  ['an expiration that is not a time', { ...DATA, expiration: '2027' }, undefined],
])('bootstrapUser returns the user of a token, or undefined, when its Secret has %s', (_what, data, user) => {
  expect(userWith(data)).toEqual(user);
});

test.each([['abcdef.0123456789ABCDEF'], ['abcdef'], ['abcdeg.0123456789abcdef'], ['']])(
  'the token %j has no user',
  (token) => {
    expect(userWith(DATA, token)).toBeUndefined();
  },
);

test('a Secret of another type contains no bootstrap token', () => {
  expect(userWith(DATA, TOKEN, 'Opaque')).toBeUndefined();
});

test('a token is valid until it expires, and then its Secret is removed', async () => {
  const clock = createMovableClock();
  await using cluster = await createEmbeddedCluster({ clock, workloads: false });
  const transport = cluster.transport();
  const expiration = new Date(clock.now() + 3_600_000).toISOString();
  const secrets = '/api/v1/namespaces/kube-system/secrets';
  await call(transport, 'POST', secrets, secretOf({ ...DATA, expiration }));
  const review = async () => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: TOKEN } };
    return (await call(transport, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', body)).body['status'];
  };
  expect(await review()).toMatchObject({
    authenticated: true,
    user: { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] },
  });
  clock.advance(3_601_000);
  expect(await review()).not.toMatchObject({ authenticated: true });
  await cluster.idle();
  expect((await call(transport, 'GET', `${secrets}/bootstrap-token-abcdef`)).status).toBe(404);
});
