import { createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { keyIdOf } from './service-tokens.ts';
import { issuerDocument, keySetOf } from './token-documents.ts';

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
