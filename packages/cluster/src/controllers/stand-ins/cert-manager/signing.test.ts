import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { certificateRequest } from '../../../../test-support/certificate-request.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { basicConstraints, distinguishedName, keyUsage, signCertificate } from '@typekro/kube/certificates';
import { CertificateRequestError } from '../../../kinds/certificate-request.ts';
import { type Signer, signCertificateRequest } from './cert-manager-functions.ts';

const NOW = Date.UTC(2026, 0, 1);
const web = certificateRequest('web', [], ['web.example.com']);

const requestWith = (spec: JsonObject): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'CertificateRequest',
  metadata: { name: 'web', namespace: 'default' },
  spec: { request: Buffer.from(web.request).toString('base64'), ...spec },
});

const newKey = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve });
const pemOf = (key = newKey().privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A chain of authorities in PEM format, the last of which is self-signed, and the key of the first one. */
function authorities(...names: readonly [string, ...string[]]): { readonly key: string; readonly chain: string[] } {
  const keys = names.map(() => newKey());
  const chain = names.map((name, index) => {
    const pair = keys[index] ?? newKey();
    return signCertificate({
      subject: distinguishedName(name),
      issuer: distinguishedName(names[index + 1] ?? name),
      publicKey: pair.publicKey,
      signingKey: (keys[index + 1] ?? pair).privateKey,
      notBefore: NOW,
      notAfter: NOW + 1000,
      extensions: [basicConstraints(true), keyUsage([5])],
    });
  });
  return { key: pemOf(keys[0]?.privateKey), chain };
}

const { key, chain } = authorities('near', 'far', 'root');
const [near = '', far = '', root = ''] = chain;

/** The DER of the object identifier `keyUsage` (2.5.29.15). */
const KEY_USAGE = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0f]);

test.each<readonly [string, JsonObject, value: number[] | undefined]>([
  ['no usages', {}, [0x03, 0x02, 0x05, 0xa0]],
  ['the usage "signing"', { usages: ['signing'] }, [0x03, 0x02, 0x07, 0x80]],
  ['only a purpose', { usages: ['server auth'] }, undefined],
  ['isCA and only a purpose', { usages: ['server auth'], isCA: true }, [0x03, 0x02, 0x02, 0x04]],
])('the certificate for a request with %s has the expected extension keyUsage, or none', (_, spec, value) => {
  const { raw } = new X509Certificate(signCertificateRequest(requestWith(spec), { key: web.key }, NOW).chain);
  const at = raw.indexOf(KEY_USAGE);
  // The object identifier is followed by `critical` (3 bytes), and by an octet string with the bits.
  const after = at < 0 ? undefined : [...raw.subarray(at + KEY_USAGE.length + 3 + 2).subarray(0, 4)];
  expect(after).toEqual(value);
});

test.each<readonly [string, Signer, RegExp]>([
  ['a key that is no key', { key: 'garbage' }, /^the private key of the signer is not usable: /],
  ['no key', { key: '', chain: near }, /^the private key of the signer is not usable: /],
  ['a key of another curve', { key: pemOf(newKey('secp256k1').privateKey) }, /no certificates are signed with a key/],
  ['no chain', { key, chain: '' }, /^the certificate chain of the signer contains no certificate$/],
  ['a chain without certificates', { key, chain: 'garbage' }, /contains no certificate$/],
  [
    'a damaged certificate at the end of the chain',
    { key, chain: `${near}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
    /^the certificate chain of the signer is not usable: /,
  ],
])('a signer with %s causes a CertificateRequestError', (_, signer, message) => {
  let thrown: unknown;
  try {
    signCertificateRequest(requestWith({}), signer, NOW);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CertificateRequestError);
  expect((thrown as Error).message).toMatch(message);
});

describe('the chain of a signed request consists of PEM blocks on lines of their own', () => {
  const text = chain.join('');
  test.each([
    ['line feeds', text],
    ['CRLF line ends', text.replaceAll('\n', '\r\n')],
    ['CRLF line ends and no last line end', text.replaceAll('\n', '\r\n').trimEnd()],
    ['spaces after the blocks', text.replaceAll('-----\n', '----- \n')],
    ['text between the blocks', chain.map((each) => `subject: CN\r\n${each}`).join('')],
  ])('when the chain of the signer has %s', (_, given) => {
    const signed = signCertificateRequest(requestWith({}), { key, chain: given }, NOW);
    const [own = '', ...others] = signed.chain.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(others).toEqual([near, far]);
    expect(signed.ca).toBe(root);
    expect(new X509Certificate(own).checkIssued(new X509Certificate(near))).toBe(true);
  });

  test('when an intermediate certificate is the last one, without a line end', () => {
    const signed = signCertificateRequest(requestWith({}), { key, chain: near.trimEnd() }, NOW);
    expect(signed.chain.endsWith(near)).toBe(true);
    expect(signed.ca).toBe(near);
  });
});
