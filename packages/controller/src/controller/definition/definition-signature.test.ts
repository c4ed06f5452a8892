import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { SIGNATURE_ANNOTATION, readPublisherKey, signatureProblem, signedBytes } from './definition-signature.ts';

const pair = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
const [own, other] = [pair(), pair()];
const text = ({ publicKey }: ReturnType<typeof pair>): string =>
  publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const KEYS = [text(other), text(own)];

const definition = (schema: object = { kind: 'Pot', group: 'kro.run' }, name = 'pots'): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name },
  spec: { schema: { ...schema }, resources: [{ id: 'a', template: { kind: 'ConfigMap', data: { a: 'b' } } }] },
});
const SIGNED = sign('sha256', signedBytes(definition()), own.privateKey).toString('base64');
const withSignature = (object: KubeObject, signature = SIGNED): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { [SIGNATURE_ANNOTATION]: signature } },
});

test.each<[what: string, object: KubeObject, keys?: readonly string[]]>([
  ['without keys, any', definition(), []],
  ['a signed one', withSignature(definition())],
  ['as an API server stores it', withSignature(definition({ group: 'kro.run', kind: 'Pot', scope: 'Namespaced' }))],
  ['without what an API server adds', withSignature(definition({ kind: 'Pot' }))],
  [
    'with policies of the cluster',
    {
      ...definition(),
      metadata: { name: 'pots', annotations: { [SIGNATURE_ANNOTATION]: SIGNED, 'typekro.dev/canary': '1' } },
    },
  ],
])('a definition is served: %s', (_what, object, keys = KEYS) => {
  expect(signatureProblem(object, keys)).toBeUndefined();
});

test.each<[what: string, object: KubeObject, message: string, keys?: readonly string[]]>([
  ['no signature', definition(), 'has no signature'],
  ['an empty signature', withSignature(definition(), ''), 'has no signature'],
  ['a text', withSignature(definition(), 'no signature'), 'was changed after it'],
  ['another key', withSignature(definition()), 'is not of a key', [text(other)]],
  ['another name', withSignature(definition(undefined, 'pans')), 'was changed after it'],
  ['another spec', withSignature(definition({ kind: 'Pot', scope: 'Cluster' })), 'was changed after it'],
  ['another kind of object', withSignature({ ...definition(), kind: 'Graph' }), 'was changed after it'],
])('a definition is not served with %s', (_what, object, message, keys = KEYS) => {
  expect(signatureProblem(object, keys)).toContain(message);
});

test.each([
  ['no Base64', '-----', 'is not the Base64 of a public key'],
  ['two keys in one text', `${text(own)};${text(other)}`, 'is not the Base64 of a public key'],
  ['another curve', text(pair('P-384')), 'is not a key for ECDSA P-256'],
  [
    'a private key',
    own.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    'is not the Base64 of a public key',
  ],
])('%s is no key', (_what, key, message) => {
  expect(readPublisherKey(key)).toContain(message);
});
