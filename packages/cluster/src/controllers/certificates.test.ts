import { X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { certificateRequest } from '../../test-support/certificate-request.ts';
import { call } from '../../test-support/webhook-cluster.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import type { JsonObject } from '@typekro/kit/core';
import { createMovableClock } from '../movable-clock.ts';
import type { ClusterOptions, Listener, UserInfo } from '../cluster-options.ts';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const CLIENT = ['digital signature', 'client auth'];

/** Starts a cluster, and returns functions for certificate requests. */
async function story(options: ClusterOptions = {}) {
  const clock = createMovableClock();
  const cluster = await createEmbeddedCluster({ workloads: false, clock, ...options });
  const createRequest = async (name: string, spec: object, user?: UserInfo) => {
    const body = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec };
    const answer = await call(cluster.transport(user), 'POST', REQUESTS, body);
    await cluster.idle();
    return answer;
  };
  const get = async (name: string) => (await call(cluster.transport(), 'GET', `${REQUESTS}/${name}`)).body;
  const decide = async (name: string, type: 'Approved' | 'Denied') => {
    const body = await get(name);
    const conditions = [{ type, status: 'True', reason: 'Test', message: 'test' }];
    await call(cluster.transport(), 'PUT', `${REQUESTS}/${name}/approval`, { ...body, status: { conditions } });
    await cluster.idle();
    return (await get(name))['status'] as { certificate?: string; conditions: JsonObject[] };
  };
  return { cluster, clock, createRequest, get, decide, [Symbol.asyncDispose]: () => cluster.close() };
}

const base64 = (value: string) => Buffer.from(value).toString('base64');
const decoded = (value = '') => Buffer.from(value, 'base64').toString('utf8');

/** Returns the user that the server authenticates on a new connection. */
async function whoAmI({ url, caData }: Listener, pair: { cert: string; key: string }) {
  const sent = httpsRequest(`${url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, {
    method: 'POST',
    agent: false,
    ca: caData,
    ...pair,
    headers: { 'content-type': 'application/json' },
  });
  const answered = new Promise<JsonObject>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then((body) => resolve(JSON.parse(body) as JsonObject), reject);
    });
  });
  sent.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }));
  const { status, message } = await answered;
  return (status as { userInfo?: JsonObject }).userInfo ?? message;
}

test('a user whose request is approved can authenticate until the certificate expires', async () => {
  await using set = await story();
  const listener = await set.cluster.listen();
  const { request, key } = certificateRequest('ada', ['team']);
  const spec = { request: base64(request), signerName: 'kubernetes.io/kube-apiserver-client', usages: CLIENT };
  expect((await set.createRequest('ada', { ...spec, expirationSeconds: 3600 })).status).toBe(201);
  expect((await set.get('ada'))['status']).toEqual({});
  const { certificate } = await set.decide('ada', 'Approved');
  const pair = { cert: decoded(certificate), key };
  expect(await whoAmI(listener, pair)).toMatchObject({ username: 'ada', groups: ['team', 'system:authenticated'] });
  const { validFrom, validTo, ca, keyUsage } = new X509Certificate(pair.cert);
  expect([Date.parse(validTo) - Date.parse(validFrom), ca, keyUsage]).toEqual([
    3_900_000,
    false,
    ['1.3.6.1.5.5.7.3.2'],
  ]);
  set.clock.advance(3_601_000);
  expect(await whoAmI(listener, pair)).toBe('Unauthorized');
});

test('certificates signed by the authority in the options are also valid in another cluster with this authority', async () => {
  const { createCertificateAuthority } = await import('../index.ts');
  const certificateAuthority = createCertificateAuthority(Date.now());
  const { request, key } = certificateRequest('ada');
  const spec = { request: base64(request), signerName: 'kubernetes.io/kube-apiserver-client', usages: CLIENT };
  let cert = '';
  {
    await using first = await story({ certificateAuthority });
    await first.createRequest('ada', spec);
    cert = decoded((await first.decide('ada', 'Approved')).certificate);
  }
  expect(new X509Certificate(cert).verify(new X509Certificate(certificateAuthority.cert).publicKey)).toBe(true);
  await using second = await story({ certificateAuthority });
  await using other = await story();
  expect(await whoAmI(await second.cluster.listen(), { cert, key })).toMatchObject({ username: 'ada' });
  expect(await whoAmI(await other.cluster.listen(), { cert, key })).toBe('Unauthorized');
});

test('a request that its signer refuses gets the condition Failed, and a request to an unknown signer waits', async () => {
  await using set = await story();
  const request = base64(certificateRequest('ada').request);
  await set.createRequest('refused', { request, signerName: 'kubernetes.io/kubelet-serving', usages: CLIENT });
  await set.createRequest('foreign', { request, signerName: 'example.com/own', usages: CLIENT });
  const refused = await set.decide('refused', 'Approved');
  expect(refused.certificate).toBeUndefined();
  expect(refused.conditions.map(({ type, reason, message }) => [type, reason, message])).toEqual([
    ['Approved', 'Test', 'test'],
    ['Failed', 'SignerValidationFailure', 'subject organization is not system:nodes'],
  ]);
  const foreign = await set.decide('foreign', 'Approved');
  expect([foreign.certificate, foreign.conditions.length]).toEqual([undefined, 1]);
});

test('a kubelet server certificate has the names in its request', async () => {
  await using set = await story();
  const { request } = certificateRequest('system:node:a', ['system:nodes'], ['a.example.com']);
  const usages = ['digital signature', 'server auth'];
  await set.createRequest('serving', { request: base64(request), signerName: 'kubernetes.io/kubelet-serving', usages });
  const { certificate } = await set.decide('serving', 'Approved');
  expect(new X509Certificate(decoded(certificate)).subjectAltName).toBe('DNS:a.example.com');
});

test('requests of kubelets are approved when their users have the right', async () => {
  await using set = await story();
  const { request } = certificateRequest('system:node:a', ['system:nodes']);
  const signerName = 'kubernetes.io/kube-apiserver-client-kubelet';
  const spec = { request: base64(request), signerName, usages: CLIENT };
  const bind = (name: string, role: string, user: string) =>
    call(set.cluster.transport(), 'POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
    });
  await bind('ask-a', 'system:node-bootstrapper', 'joining');
  await bind('ask-b', 'system:node-bootstrapper', 'system:node:a');
  const prefix = 'system:certificates.k8s.io:certificatesigningrequests:';
  const approval = async (name: string) => {
    await set.cluster.idle();
    const { certificate = '', conditions = [] } = (await set.get(name))['status'] as {
      certificate?: string;
      conditions?: JsonObject[];
    };
    return [certificate !== '', ...conditions.map(({ reason, message }) => [reason, message])];
  };
  await set.createRequest('by-bootstrap', spec, { name: 'joining', groups: [] });
  await set.createRequest('by-node', spec, { name: 'system:node:a', groups: [] });
  expect([await approval('by-bootstrap'), await approval('by-node')]).toEqual([[false], [false]]);
  await bind('approve-a', `${prefix}nodeclient`, 'joining');
  await bind('approve-b', `${prefix}selfnodeclient`, 'system:node:a');
  expect(await approval('by-bootstrap')).toEqual([
    true,
    ['AutoApproved', 'Auto approving kubelet client certificate after SubjectAccessReview.'],
  ]);
  expect(await approval('by-node')).toEqual([
    true,
    ['AutoApproved', 'Auto approving self kubelet client certificate after SubjectAccessReview.'],
  ]);
});

test('issued and denied requests are removed after an hour, and requests without a decision after a day', async () => {
  await using set = await story();
  const request = base64(certificateRequest('ada').request);
  const spec = { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: CLIENT };
  for (const name of ['waiting', 'issued', 'denied']) await set.createRequest(name, spec);
  await set.createRequest('foreign', { ...spec, signerName: 'example.com/own' });
  await set.decide('issued', 'Approved');
  await set.decide('denied', 'Denied');
  await set.decide('foreign', 'Approved');
  const names = async () => {
    await set.cluster.idle();
    const { items } = (await call(set.cluster.transport(), 'GET', REQUESTS)).body as { items?: unknown };
    return (items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  };
  set.clock.advance(59 * 60_000);
  expect(await names()).toEqual(['denied', 'foreign', 'issued', 'waiting']);
  set.clock.advance(2 * 60_000);
  expect(await names()).toEqual(['foreign', 'waiting']);
  set.clock.advance(24 * 3_600_000);
  expect(await names()).toEqual(['foreign']);
});

test('a cluster without controllers signs no certificates', async () => {
  await using set = await story({ controllers: false });
  const request = base64(certificateRequest('ada').request);
  await set.createRequest('ada', { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: CLIENT });
  expect((await set.decide('ada', 'Approved')).certificate).toBeUndefined();
});
