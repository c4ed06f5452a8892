import { type JsonWebKey, createPublicKey, createVerify, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';
import type { ClusterOptions } from '../cluster-options.ts';
import { createMovableClock } from '../movable-clock.ts';
import { call } from '../../test-support/webhook-cluster.ts';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { bootstrapUser } from './bootstrap-tokens.ts';
import { keyIdOf } from './service-tokens.ts';
import { issuerDocument, keySetOf } from './token-documents.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (
  key: { export(options: { type: 'pkcs8' | 'spki'; format: 'pem' }): string | Buffer },
  type: 'pkcs8' | 'spki',
) => key.export({ type, format: 'pem' }).toString();
const RSA = { signing: pem(rsa.privateKey, 'pkcs8'), verification: [pem(rsa.publicKey, 'spki')] };

/** Creates an account with a token in a cluster. Returns the token, and functions that create and check tokens. */
async function accountIn(options: ClusterOptions) {
  const cluster = await createEmbeddedCluster({ controllers: false, adminToken: 'admin', ...options });
  const { url } = await cluster.listen({ https: false });
  const post = async (path: string, body: object, token: string) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    return { code: response.status, body: (await response.json()) as { status?: Record<string, unknown> } };
  };
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await post(accounts, { metadata: { name: 'robot', uid: 'u' } }, 'admin');
  const tokenFor = async (spec: object) => {
    const { body } = await post(`${accounts}/robot/token`, { spec }, 'admin');
    return String(body.status?.['token']);
  };
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  return {
    token: await tokenFor({}),
    tokenFor,
    review: async (spec: object) =>
      (await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec }, 'admin')).body.status,
    codeFor: async (token: string) =>
      (await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', review, token)).code,
    userFor: async (token: string) => {
      const { body } = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', review, token);
      return (body.status?.['userInfo'] as { username?: string } | undefined)?.username;
    },
    close: () => cluster.close(),
  };
}

const decoded = (token: string) =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);

const ecKey = (namedCurve: string): ClusterOptions => ({
  serviceAccountKeys: { signing: pem(generateKeyPairSync('ec', { namedCurve }).privateKey, 'pkcs8') },
});
const KEYS: readonly (readonly [name: string, options: ClusterOptions, algorithm: string])[] = [
  ['a key that the cluster creates', {}, 'ES256'],
  ['an RSA key', { serviceAccountKeys: RSA }, 'RS256'],
  ['an EC key on P-256', ecKey('P-256'), 'ES256'],
  ['an EC key on P-384', ecKey('P-384'), 'ES384'],
  ['an EC key on P-521', ecKey('P-521'), 'ES512'],
];

test.each(KEYS)(
  '%s signs tokens that the cluster accepts, and the cluster refuses forged tokens',
  async (_, options, algorithm) => {
    const cluster = await accountIn({ ...options, serviceAccountIssuer: 'https://127.0.0.1:1/' });
    const [head, payload] = decoded(cluster.token);
    expect([head?.['alg'], payload?.['iss'], payload?.['aud']]).toEqual([
      algorithm,
      'https://127.0.0.1:1/',
      ['https://127.0.0.1:1/'],
    ]);
    expect(await cluster.codeFor(cluster.token)).toBe(201);
    const [first = '', second = '', third = ''] = cluster.token.split('.');
    for (const forged of [
      `${first}.${second}.${'A'.repeat(third.length)}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${second}.`,
      `x.${second}.${third}`,
      `${cluster.token}x`,
      `${cluster.token}xx`,
      `${cluster.token}=`,
      `${cluster.token}==`,
      cluster.token.slice(0, -1),
      cluster.token.slice(0, -2),
      `${first}.${second}.AAAA`,
      `${first}.${second}.`,
      `${first}.${second}.!${third.slice(1)}`,
    ]) {
      expect(await cluster.codeFor(forged), forged).toBe(401);
      expect(await cluster.review({ token: forged }), forged).toEqual({ user: {}, error: 'invalid bearer token' });
    }
    await cluster.close();
  },
);

/** Signs the token again with the RSA key and other claims. */
function resigned(token: string, claims: object): string {
  const [, payload] = decoded(token);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ ...payload, ...claims })}`;
  return `${body}.${sign('sha256', Buffer.from(body), rsa.privateKey).toString('base64url')}`;
}

test('a token signed with the right key is refused if its issuer, time or account is wrong', async () => {
  const cluster = await accountIn({ serviceAccountKeys: RSA });
  const now = Math.floor(Date.now() / 1000);
  const codeWith = (claims: object) => cluster.codeFor(resigned(cluster.token, claims));
  expect(await codeWith({})).toBe(201);
  expect(await codeWith({ iss: 'https://other' })).toBe(401);
  expect(await codeWith({ exp: now - 1 })).toBe(401);
  expect(await codeWith({ exp: 'soon' })).toBe(401);
  expect(await codeWith({ nbf: now + 60 })).toBe(401);
  const account = { name: 'robot', uid: 'another' };
  expect(await codeWith({ 'kubernetes.io': { namespace: 'default', serviceaccount: account } })).toBe(401);
  await cluster.close();
});

test('a token is valid only for its audiences', async () => {
  const cluster = await accountIn({ serviceAccountKeys: RSA, serviceAccountIssuer: 'https://me' });
  const token = await cluster.tokenFor({ audiences: ['vault', 'safe'] });
  expect(await cluster.codeFor(token)).toBe(401);
  expect(await cluster.codeFor(await cluster.tokenFor({ audiences: ['vault', 'https://me'] }))).toBe(201);
  expect(await cluster.codeFor(resigned(cluster.token, { aud: 'https://me' }))).toBe(201);
  expect(await cluster.codeFor(resigned(cluster.token, { aud: undefined }))).toBe(401);
  const accepted = (audiences: readonly string[]) => ({ authenticated: true, audiences });
  const refused = { user: {}, error: 'invalid bearer token' };
  expect(await cluster.review({ token, audiences: ['other', 'safe'] })).toMatchObject(accepted(['safe']));
  expect(await cluster.review({ token, audiences: ['other'] })).toEqual(refused);
  expect(await cluster.review({ token })).toEqual(refused);
  expect(await cluster.review({ token: cluster.token })).toMatchObject(accepted(['https://me']));
  expect(await cluster.review({ token: 'admin' })).toMatchObject(accepted(['https://me']));
  expect(await cluster.review({ token: 'admin', audiences: ['vault'] })).toEqual(refused);
  await cluster.close();
});

test('a token signed with another key is refused', async () => {
  const cluster = await accountIn({ serviceAccountKeys: RSA });
  const other = await accountIn({});
  expect(await cluster.codeFor(other.token)).toBe(401);
  await Promise.all([cluster.close(), other.close()]);
});

test.each([
  ['a string that is not a key', 'x'],
  ['a key that cannot sign tokens', pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8')],
])('%s is refused', async (_, signing) => {
  await expect(createEmbeddedCluster({ serviceAccountKeys: { signing } })).rejects.toMatchObject({
    code: 'cluster/service-account-key',
  });
});

test.each([
  ['TOKEN', 'system:serviceaccount:default:robot'],
  ['TOKEN and more', 'system:serviceaccount:default:robot'],
  ['\tTOKEN', undefined],
  ['other', undefined],
  // As in Go, the token between two spaces is empty. Without a token, this socket has the default user.
  [' TOKEN', 'kubernetes-admin'],
  ['', 'kubernetes-admin'],
])('the user of a header with the token %j is %s', async (text, user) => {
  const account = await accountIn({});
  try {
    expect(await account.userFor(text.replace('TOKEN', account.token))).toBe(user);
  } finally {
    await account.close();
  }
});

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

test('a token names the key that verifies it, and the server publishes this key', async () => {
  await using story = await startClusterStory();
  const send = async (method: string, path: string, body?: string) => {
    const headers = { 'content-type': 'application/json', host: 'elsewhere:6443' };
    const answer = await story.cluster
      .transport()
      .request({ method, path, headers, ...(body === undefined ? {} : { body }) });
    let text = '';
    for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
    return { type: answer.headers['content-type'], value: JSON.parse(text) };
  };
  const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  const { value } = await send('POST', '/api/v1/namespaces/default/serviceaccounts/default/token', review);
  const [head = '', payload = '', signature = ''] = String(value.status.token).split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const document = await send('GET', '/.well-known/openid-configuration');
  expect(document.value).toEqual({
    issuer: 'https://kubernetes.default.svc',
    jwks_uri: 'https://kubernetes.default.svc/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
  const keys = await send('GET', '/openid/v1/jwks');
  expect(keys.type).toBe('application/jwk-set+json');
  const key = keys.value.keys.find((entry: { kid: string }) => entry.kid === header.kid) as JsonWebKey;
  expect(key).toMatchObject({ use: 'sig', alg: 'ES256', kty: 'EC' });
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const isValid = createVerify('sha256')
    .update(`${head}.${payload}`)
    .verify({ key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  expect(isValid).toBe(true);
});

test.each([true, false])('the URL of the keys contains the address of the listener (https: %s)', async (https) => {
  await using story = await startClusterStory({ controllers: false });
  const { url } = await story.cluster.listen({ https });
  const answer = await story.cluster.transport().request({ method: 'GET', path: '/.well-known/openid-configuration' });
  let text = '';
  for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
  expect(JSON.parse(text)).toMatchObject({ jwks_uri: `${url}/openid/v1/jwks` });
});

test('no documents are served for an issuer that is not an https URL', async () => {
  await using story = await startClusterStory({
    controllers: false,
    serviceAccountIssuer: 'kubernetes/serviceaccount',
  });
  for (const path of ['/.well-known/openid-configuration', '/openid/v1/jwks']) {
    const answer = await story.cluster.transport().request({ method: 'GET', path });
    for await (const _chunk of answer.body);
    expect(answer.status).toBe(404);
  }
});

test('the documents name the algorithm of each key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  expect(keySetOf([rsa, curve]).keys).toMatchObject([
    { kid: keyIdOf(rsa), alg: 'RS256', kty: 'RSA' },
    { kid: keyIdOf(curve), alg: 'ES384', crv: 'P-384' },
  ]);
  expect(issuerDocument('i', 'h', [rsa, curve]).id_token_signing_alg_values_supported).toEqual(['ES384', 'RS256']);
});
