import type { KeyObject } from 'node:crypto';
import type { KubeObject } from '../../../../core/index.ts';
import { cryptoLibrary } from '../../../../core/index.ts';
import { Failure, goParseDurationMs, parseAddress } from '../../../../golang/index.ts';
import { asTexts, numberAt, textAt, valueAt } from '../../../../kubernetes/index.ts';
import {
  alternativesFromDer,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  signRequest,
  subjectAlternatives,
  subjectOf,
} from '../../../codec/x509.ts';
import { readCertificateRequest } from '../../../kinds/certificate-request.ts';

/** The validity of a certificate whose spec has no duration: 90 days. */
const DEFAULT_DURATION_MS = 90 * 24 * 3600 * 1000;

/** Maps the name of a usage in a spec to its bit in the X.509 extension `keyUsage`. */
const KEY_USES: ReadonlyMap<string, number> = new Map([
  ['signing', 0],
  ['digital signature', 0],
  ['content commitment', 1],
  ['key encipherment', 2],
  ['data encipherment', 3],
  ['key agreement', 4],
  ['cert sign', 5],
  ['crl sign', 6],
  ['encipher only', 7],
]);
/** Maps the name of a usage in a spec to its object identifier in the X.509 extension `extendedKeyUsage`. */
const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['any', '2.5.29.37.0'],
  ['server auth', '1.3.6.1.5.5.7.3.1'],
  ['client auth', '1.3.6.1.5.5.7.3.2'],
  ['code signing', '1.3.6.1.5.5.7.3.3'],
  ['email protection', '1.3.6.1.5.5.7.3.4'],
  ['s/mime', '1.3.6.1.5.5.7.3.4'],
  ['timestamping', '1.3.6.1.5.5.7.3.8'],
  ['ocsp signing', '1.3.6.1.5.5.7.3.9'],
]);

const DEFAULT_USES = ['digital signature', 'key encipherment'];

const EC_CURVES: ReadonlyMap<number, string> = new Map([
  [256, 'P-256'],
  [384, 'P-384'],
  [521, 'P-521'],
]);

/** Creates the private key that a Certificate's spec requests, in PEM format. */
export function newPrivateKey(certificate: KubeObject): string {
  const { generateKeyPairSync } = cryptoLibrary();
  const of = (member: string) => textAt(certificate, 'spec', 'privateKey', member);
  const size = numberAt(certificate, 'spec', 'privateKey', 'size');
  const isPkcs8 = of('encoding') === 'PKCS8';
  const pem = (key: KeyObject, type: 'pkcs1' | 'sec1' | 'pkcs8'): string =>
    key.export({ type, format: 'pem' }).toString();
  if (of('algorithm') === 'ECDSA') {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: EC_CURVES.get(size ?? 256) ?? 'P-256' });
    return pem(privateKey, isPkcs8 ? 'pkcs8' : 'sec1');
  }
  if (of('algorithm') === 'Ed25519') return pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: size ?? 2048 });
  return pem(privateKey, isPkcs8 ? 'pkcs8' : 'pkcs1');
}

/** Creates the certificate signing request for a Certificate's spec, in PEM format. */
export function certificateRequestOf(certificate: KubeObject, privateKey: string): string {
  const spec = certificate.spec;
  const key = cryptoLibrary().createPrivateKey(privateKey);
  const subject = distinguishedName(textAt(spec, 'commonName'), asTexts(valueAt(spec, 'subject', 'organizations')));
  const addresses = asTexts(spec?.['ipAddresses']).flatMap((text) => {
    const address = parseAddress(text);
    return address instanceof Failure ? [] : [address.bytes];
  });
  const names = {
    dns: asTexts(spec?.['dnsNames']),
    addresses,
    uris: asTexts(spec?.['uris']),
    emails: asTexts(spec?.['emailAddresses']),
  };
  const hasNames = Object.values(names).some((list) => list.length > 0);
  return signRequest(subject, key, hasNames ? [subjectAlternatives(names)] : []);
}

/** The private key and the certificate chain of an issuer, in PEM format. */
export interface Signer {
  readonly key: string;
  /** The certificate chain. Absent when the new certificate signs itself. */
  readonly chain?: string;
}

/** A signed certificate and the certificate of its authority, in PEM format. */
export interface SignedCertificate {
  /** The certificate, followed by its signer's chain. Self-signed certificates of the chain are omitted. */
  readonly chain: string;
  /** The certificate of the authority. */
  readonly ca: string;
}

/**
 * Signs the request of a CertificateRequest.
 *
 * @throws CertificateRequestError for a request that cannot be read.
 */
export function signCertificateRequest(request: KubeObject, signer: Signer, now: number): SignedCertificate {
  const { createPrivateKey, createPublicKey, X509Certificate } = cryptoLibrary();
  const pem = Buffer.from(textAt(request, 'spec', 'request'), 'base64').toString('utf8');
  const csr = readCertificateRequest(pem);
  const uses = asTexts(request.spec?.['usages']);
  const named = uses.length === 0 ? DEFAULT_USES : uses;
  const isAuthority = request.spec?.['isCA'] === true;
  const bits = named.flatMap((use) => KEY_USES.get(use) ?? []);
  const purposes = named.flatMap((use) => PURPOSES.get(use) ?? []);
  const content = {
    subject: csr.subject,
    publicKey: createPublicKey({ key: csr.publicKey, format: 'der', type: 'spki' }),
    signingKey: createPrivateKey(signer.key),
    notBefore: now,
    notAfter: now + certificateDurationMs(request),
    extensions: [
      basicConstraints(isAuthority),
      keyUsage(isAuthority ? [...bits, 5] : bits),
      ...(purposes.length === 0 ? [] : [extendedKeyUsage(purposes)]),
      ...(csr.alternativeNames === undefined ? [] : [alternativesFromDer(csr.alternativeNames)]),
    ],
  };
  if (signer.chain === undefined) {
    const cert = signCertificate({ ...content, issuer: csr.subject });
    return { chain: cert, ca: cert };
  }
  const chain = signer.chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  const issuer = new X509Certificate(chain[0] ?? '');
  const cert = signCertificate({ ...content, issuer: subjectOf(issuer.raw) });
  const [root = ''] = chain.slice(-1);
  // Servers do not present self-signed certificates in their chain.
  const between = chain.filter((each) => !isSelfSigned(new X509Certificate(each)));
  return { chain: [cert, ...between].join(''), ca: root };
}

/** The validity that a certificate's spec requests, in milliseconds. */
export function certificateDurationMs({ spec }: KubeObject): number {
  return goParseDurationMs(textAt(spec, 'duration')) ?? DEFAULT_DURATION_MS;
}

const isSelfSigned = (certificate: { readonly subject: string; readonly issuer: string }): boolean =>
  certificate.subject === certificate.issuer;
