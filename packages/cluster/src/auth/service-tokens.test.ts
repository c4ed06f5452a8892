import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';
import type { ClusterOptions } from '../cluster-options.ts';

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
