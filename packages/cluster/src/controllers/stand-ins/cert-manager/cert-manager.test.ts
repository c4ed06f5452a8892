import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateRequest } from '../../../../test-support/certificate-request.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { KubeClient } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import { type ManualClock, createManualClock } from '../../../cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from '../../../cluster.ts';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;

let clock: ManualClock;
let cluster: Cluster;
let client: KubeClient;

beforeEach(async () => {
  clock = createManualClock(Date.UTC(2026, 0, 1));
  cluster = await createEmbeddedCluster({ clock, standIns: ['cert-manager'], standInStepMs: 1000 });
  client = new KubeClient({ transport: cluster.transport() });
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

const made = (kind: string, name: string, spec: JsonObject, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: kind === 'Secret' ? 'v1' : 'cert-manager.io/v1',
  kind,
  metadata: { name, namespace: 'default', annotations },
  spec,
});

const selfSigned = made('Issuer', 'own', { selfSigned: {} });
const web = made('Certificate', 'web', {
  secretName: 'web-tls',
  dnsNames: ['web.example.com', 'www.example.com'],
  ipAddresses: ['10.0.0.7', '2001:db8::7'],
  privateKey: { algorithm: 'ECDSA' },
  issuerRef: { name: 'own' },
});

async function read(kind: string, name: string): Promise<KubeObject> {
  await cluster.idle();
  const apiVersion = kind === 'Secret' ? 'v1' : 'cert-manager.io/v1';
  return client.get({ apiVersion, kind, name, namespace: 'default' });
}

/** Advances the clock second by second, so that the operator completes its steps. */
async function pass(milliseconds = 10_000): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 1000) {
    await cluster.idle();
    clock.advance(1000);
  }
  await cluster.idle();
}

const conditionsOf = ({ status }: KubeObject): string[] =>
  ((status?.['conditions'] ?? []) as { type: string; status: string; reason: string }[]).map(
    ({ type, status: value, reason }) => `${type}=${value} ${reason}`,
  );

const certificateIn = (secret: KubeObject, key = 'tls.crt'): X509Certificate =>
  new X509Certificate(Buffer.from(textAt(secret, 'data', key), 'base64'));

test('a certificate is issued step by step, and the certificate in the Secret covers the DNS names of the spec', async () => {
  await client.create(selfSigned);
  await client.create(web);
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual([
    'Ready=False DoesNotExist',
    'Issuing=True DoesNotExist',
  ]);
  expect(readinessOf(await read('Certificate', 'web')).state).not.toBe('current');
  await pass();
  const certificate = await read('Certificate', 'web');
  expect(conditionsOf(certificate)).toEqual(['Ready=True Ready']);
  expect(certificate.status).toMatchObject({
    notBefore: '2026-01-01T00:00:02Z',
    notAfter: '2026-04-01T00:00:02Z',
    renewalTime: '2026-03-02T00:00:02Z',
    revision: 1,
  });
  expect(conditionsOf(await read('CertificateRequest', 'web-1'))).toEqual([
    'Approved=True cert-manager.io',
    'Ready=True Issued',
  ]);
  const secret = await read('Secret', 'web-tls');
  const issued = certificateIn(secret);
  expect(issued.subjectAltName).toBe(
    'DNS:web.example.com, DNS:www.example.com, IP Address:10.0.0.7, IP Address:2001:DB8:0:0:0:0:0:7',
  );
  expect(issued.verify(issued.publicKey)).toBe(true);
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: 'default' });
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['web-tls']);
});

test('a CA signs certificates that its own certificate verifies', async () => {
  await client.create(selfSigned);
  await client.create(made('Issuer', 'ca', { ca: { secretName: 'ca-tls' } }));
  await pass();
  expect(conditionsOf(await read('Issuer', 'ca'))).toEqual(['Ready=False ErrGetKeyPair']);
  const spec = { isCA: true, commonName: 'root', secretName: 'ca-tls', issuerRef: { name: 'own' } };
  await client.create(made('Certificate', 'root', spec));
  await client.create({ ...web, spec: { ...web.spec, issuerRef: { name: 'ca' } } });
  await pass();
  expect(conditionsOf(await read('Issuer', 'ca'))).toEqual(['Ready=True KeyPairVerified']);
  const secret = await read('Secret', 'web-tls');
  const issued = certificateIn(secret);
  const authority = certificateIn(secret, 'ca.crt');
  expect(authority.ca).toBe(true);
  expect(issued.checkIssued(authority)).toBe(true);
  expect(issued.verify(authority.publicKey)).toBe(true);
});

test('an ACME issuer signs through an order', async () => {
  await client.create(
    made('Issuer', 'acme', { acme: { server: 'https://acme.invalid/directory', privateKeySecretRef: { name: 'k' } } }),
  );
  await client.create({ ...web, spec: { ...web.spec, issuerRef: { name: 'acme' } } });
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=True Ready']);
  const { items } = await client.list(
    { apiVersion: 'acme.cert-manager.io/v1', kind: 'Order' },
    { namespace: 'default' },
  );
  expect(items.map((order) => readinessOf(order).state)).toEqual(['current']);
  expect(certificateIn(await read('Secret', 'web-tls')).issuer).toContain('typekro stand-in');
});

test('a certificate is renewed when two thirds of its validity have passed, and when its DNS names change', async () => {
  await client.create(selfSigned);
  await client.create(web);
  await pass();
  const first = certificateIn(await read('Secret', 'web-tls')).serialNumber;
  clock.advance(61 * DAY_MS);
  await pass();
  const renewed = await read('Certificate', 'web');
  expect(renewed.status?.['revision']).toBe(2);
  expect(certificateIn(await read('Secret', 'web-tls')).serialNumber).not.toBe(first);
  await client.patch(
    { ...web, name: 'web', namespace: 'default' },
    [{ op: 'replace', path: '/spec/dnsNames', value: ['new.example.com'] }],
    { type: 'json' },
  );
  await pass();
  expect(certificateIn(await read('Secret', 'web-tls')).subjectAltName).toContain('DNS:new.example.com');
});

test('a failed request is tried again after an hour', async () => {
  await client.create(selfSigned);
  const mend = cluster.standIns.fail({ kind: 'CertificateRequest' }, 'Denied: no such zone');
  await client.create(web);
  await pass();
  const failed = await read('Certificate', 'web');
  expect(conditionsOf(failed)).toEqual(['Ready=False DoesNotExist', 'Issuing=False Failed']);
  expect(failed.status).toMatchObject({ failedIssuanceAttempts: 1, lastFailureTime: '2026-01-01T00:00:01Z' });
  mend();
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=False DoesNotExist', 'Issuing=False Failed']);
  clock.advance(HOUR_MS);
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=True Ready']);
});

/** Writes the decision of an approval controller, or of a user, into the status of a request. */
async function decide(name: string, type: string, reason: string): Promise<void> {
  const request = await read('CertificateRequest', name);
  const condition = { type, status: 'True', reason, message: `${type} by a test`, lastTransitionTime: null };
  await client.patch(
    { ...request, name, namespace: 'default' },
    { status: { conditions: [condition] } },
    { type: 'merge', subresource: 'status' },
  );
}

/** Creates a CertificateRequest that no Certificate owns. */
async function createRequest(): Promise<void> {
  const request = {
    issuerRef: { name: 'own' },
    request: Buffer.from(certificateRequest('ada').request).toString('base64'),
  };
  await client.create(made('CertificateRequest', 'ada', request));
}

test('a request for a self-signed certificate fails when the Secret that it names has no valid private key', async () => {
  const data = { 'tls.key': Buffer.from('garbage').toString('base64') };
  await client.create({ ...made('Secret', 'key', {}), spec: undefined, data } as unknown as KubeObject);
  await client.create(selfSigned);
  const request = Buffer.from(certificateRequest('ada').request).toString('base64');
  const annotations = { 'cert-manager.io/private-key-secret-name': 'key' };
  await client.create(made('CertificateRequest', 'ada', { issuerRef: { name: 'own' }, request }, annotations));
  await pass();
  const failed = await read('CertificateRequest', 'ada');
  expect(conditionsOf(failed)).toEqual(['Approved=True cert-manager.io', 'Ready=False Failed']);
});

test('a denied request stays denied and is never signed', async () => {
  await createRequest();
  await decide('ada', 'Denied', 'policy.example.com');
  await client.create(selfSigned);
  await pass();
  const denied = await read('CertificateRequest', 'ada');
  expect(conditionsOf(denied)).toEqual(['Denied=True policy.example.com', 'Ready=False Denied']);
  expect(denied.status).toMatchObject({ failureTime: '2026-01-01T00:00:00Z' });
  expect(denied.status).not.toHaveProperty('certificate');
  // A change of the issuer makes the controller reconcile the request again.
  await client.patch({ ...selfSigned, name: 'own', namespace: 'default' }, { metadata: { labels: { a: 'b' } } });
  await pass();
  expect(await read('CertificateRequest', 'ada')).toEqual(denied);
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default' });
  expect(items.filter(({ involvedObject }) => (involvedObject as JsonObject)['name'] === 'ada')).toEqual([]);
});

test('a request with the condition InvalidRequest is not signed', async () => {
  await createRequest();
  await decide('ada', 'InvalidRequest', 'Test');
  await client.create(selfSigned);
  await pass();
  const conditions = conditionsOf(await read('CertificateRequest', 'ada'));
  expect(conditions).toEqual(['InvalidRequest=True Test']);
});

test('an approval by another client is not overwritten', async () => {
  await createRequest();
  await decide('ada', 'Approved', 'ByHand');
  await pass();
  expect(conditionsOf(await read('CertificateRequest', 'ada'))).toEqual([
    'Approved=True ByHand',
    'Ready=False Pending',
  ]);
});

test('a certificate fails with the reason of a denial, and is tried again after an hour', async () => {
  await client.create(web);
  await pass();
  await decide('web-1', 'Denied', 'policy.example.com');
  await pass();
  const failed = await read('Certificate', 'web');
  expect(conditionsOf(failed)).toEqual(['Ready=False DoesNotExist', 'Issuing=False policy.example.com']);
  expect(failed.status).toMatchObject({ failedIssuanceAttempts: 1 });
  await client.create(selfSigned);
  clock.advance(HOUR_MS);
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=True Ready']);
});

test('a certificate with the annotation simulate-failure fails until the annotation is removed', async () => {
  await client.create(selfSigned);
  await client.create({
    ...web,
    metadata: { ...web.metadata, annotations: { 'typekro.dev/simulate-failure': 'RateLimited' } },
  });
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=False DoesNotExist', 'Issuing=False Failed']);
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: 'default' });
  expect(items.filter(({ reason }) => reason === 'Failed').map(({ count }) => count)).toEqual([1]);
  const remove = [{ op: 'remove', path: '/metadata/annotations/typekro.dev~1simulate-failure' }];
  await client.patch({ ...web, name: 'web', namespace: 'default' }, remove, { type: 'json' });
  await pass();
  expect(conditionsOf(await read('Certificate', 'web'))).toEqual(['Ready=True Ready']);
});

test('a failed request is reported, even if it was created in the same second as the last failure of its certificate', async () => {
  await client.create(selfSigned);
  cluster.standIns.fail({ kind: 'CertificateRequest' }, 'Denied: no such zone');
  const annotation = 'typekro.dev/simulate-failure';
  const target = { ...web, name: 'web', namespace: 'default' };
  await client.create({ ...web, metadata: { ...web.metadata, annotations: { [annotation]: 'RateLimited' } } });
  await pass();
  // The clock stands still between the second failure and the request.
  await client.patch(target, { metadata: { annotations: { [annotation]: 'Overloaded' } } });
  const { lastFailureTime } = (await read('Certificate', 'web')).status ?? {};
  await client.patch(target, { metadata: { annotations: { [annotation]: null } } });
  await cluster.idle();
  expect((await read('CertificateRequest', 'web-1')).metadata.creationTimestamp).toBe(lastFailureTime);
  await pass();
  const failed = await read('Certificate', 'web');
  expect(conditionsOf(failed)).toEqual(['Ready=False DoesNotExist', 'Issuing=False Failed']);
  expect(failed.status).toMatchObject({ failedIssuanceAttempts: 3 });
});
