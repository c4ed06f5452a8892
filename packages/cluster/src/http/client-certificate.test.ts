import { request } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import type { ClusterOptions, Listener } from '../cluster-options.ts';
import { type CertificatePair, createAuthority } from '@typekro/kube/certificates';
import { certificateUsers } from './client-certificate.ts';
import { createServingCertificate } from './secure-server.ts';

const NOW = Date.now();
const YEAR_MS = 365 * 24 * 3600 * 1000;
const clients = createAuthority(NOW);
const admin = clients.issueClient('admin', ['system:masters']);

interface Served extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly listener: Listener;
}

async function served(authority = clients.ca, options: ClusterOptions = {}): Promise<Served> {
  const cluster = await createEmbeddedCluster({ controllers: false, ...options });
  const listener = await cluster.listen({ clientCertificateAuthority: authority });
  return { cluster, listener, [Symbol.asyncDispose]: () => cluster.close() };
}

interface Answer {
  readonly code: number | undefined;
  readonly body: { readonly status?: { readonly userInfo?: unknown }; readonly message?: string };
}

/** Requests the user that the server derives from the client's credentials. */
async function whoAmI(listener: Listener, pair?: CertificatePair, token?: string): Promise<Answer> {
  const { url, caData } = listener;
  const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  const sent = request(`${url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
    method: 'POST',
    agent: false,
    ca: caData,
    ...pair,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then(
        (body) => resolve({ code: response.statusCode, body: JSON.parse(body) as Answer['body'] }),
        reject,
      );
    });
    sent.end(review);
  });
}

test('the common name is the user, and the organizations are the groups', async () => {
  await using server = await served();
  const cases: readonly (readonly [name: string, groups: readonly string[]])[] = [
    ['admin', ['system:masters']],
    ['ben', []],
    ['Zoë Ångström', ['a', 'b,c', 'O=d']],
  ];
  for (const [name, groups] of cases) {
    const { code, body } = await whoAmI(server.listener, clients.issueClient(name, groups));
    const credential = expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/) as string;
    expect([code, body.status?.userInfo]).toEqual([
      201,
      {
        username: name,
        groups: [...groups, 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': [credential] },
      },
    ]);
  }
});

const expired = createAuthority(NOW - 20 * YEAR_MS);
const future = createAuthority(NOW + 5 * YEAR_MS);

test.each([
  [
    'an issuer that the server does not trust',
    clients.ca,
    createAuthority(NOW).issueClient('admin', ['system:masters']),
  ],
  ['an expired validity', expired.ca, expired.issueClient('admin', ['system:masters'])],
  ['a validity period that has not begun', future.ca, future.issueClient('admin', ['system:masters'])],
  ['a server-only key usage', clients.ca, clients.issue(['localhost'], ['127.0.0.1'])],
])('a client certificate with %s is refused', async (_, authority, pair) => {
  await using server = await served(authority);
  expect(await whoAmI(server.listener, pair)).toMatchObject({ code: 401, body: { message: 'Unauthorized' } });
});

test('a certificate with an empty common name does not identify a user', async () => {
  await using server = await served(clients.ca);
  const { code } = await whoAmI(server.listener, clients.issueClient('', ['system:masters']));
  expect(code).toBe((await whoAmI(server.listener)).code);
  expect(code).toBe(403);
});

test('a valid certificate takes precedence over a token, and a token over an invalid certificate', async () => {
  await using server = await served(clients.ca, { tokens: { secret: { name: 'of-token', groups: [] } } });
  const userOf = async (pair?: CertificatePair, token?: string) => {
    const { code, body } = await whoAmI(server.listener, pair, token);
    return [code, (body.status?.userInfo as { readonly username?: string } | undefined)?.username];
  };
  const other = createAuthority(NOW).issueClient('admin', []);
  expect(await userOf(admin, 'secret')).toEqual([201, 'admin']);
  expect(await userOf(admin, 'wrong')).toEqual([201, 'admin']);
  expect(await userOf(other, 'secret')).toEqual([201, 'of-token']);
  expect(await userOf(undefined, 'secret')).toEqual([201, 'of-token']);
  expect(await userOf(undefined, 'wrong')).toEqual([401, undefined]);
  expect(await userOf()).toEqual([403, undefined]);
});

test('without an authority of client certificates, a certificate does not authenticate', async () => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  try {
    expect(await whoAmI(await cluster.listen(), admin)).toMatchObject({ code: 403 });
  } finally {
    await cluster.close();
  }
});

test('a listener serves the given certificate, and refuses a wrong key and strings that are not certificates', async () => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  try {
    const certificate = createServingCertificate(NOW, ['127.0.0.1']);
    const listener = await cluster.listen({ certificate, clientCertificateAuthority: clients.ca });
    expect(listener.caData).toBe(certificate.cert);
    expect(await whoAmI(listener, admin)).toMatchObject({ code: 201 });
    for (const bad of [
      { certificate: { ...certificate, key: admin.key } },
      { certificate: { ...certificate, cert: 'x' } },
      { certificate, clientCertificateAuthority: 'x' },
      { clientCertificateAuthority: 'x' },
    ]) {
      await expect(cluster.listen(bad)).rejects.toMatchObject({ code: 'cluster/certificate-unusable' });
    }
  } finally {
    await cluster.close();
  }
});

test('a cluster that allows all requests refuses requests of a web page without credentials', async () => {
  await using server = await served(clients.ca, { authorization: 'AlwaysAllow' });
  expect(await whoAmI(server.listener)).toMatchObject({
    code: 201,
    body: { status: { userInfo: { username: 'system:anonymous' } } },
  });
  const plain = await server.cluster.listen({ https: false });
  const secrets = `${plain.url}/api/v1/secrets`;
  expect((await fetch(secrets)).status).toBe(200);
  expect((await fetch(secrets, { headers: { origin: 'https://page.example' } })).status).toBe(401);
});

test.each([
  ['that is already closed', { getPeerCertificate: () => null }],
  ['of a host that does not give the certificate, such as Bun', {}],
])('a socket %s has no user', (_, fields) => {
  const socket = fields as Socket;
  expect(certificateUsers({ now: () => NOW })(socket)).toBeUndefined();
});
