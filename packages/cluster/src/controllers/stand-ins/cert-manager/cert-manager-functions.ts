import { type KubeObject, RETRY_POLICIES, backoffMs, cryptoLibrary } from '@typekro/kit/core';
import { asTexts, formatTime, numberAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import {
  alternativesFromDer,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  pemText,
  signCertificate,
  signRequest,
  subjectAlternatives,
  subjectOf,
} from '@typekro/kube/certificates';
import { CertificateRequestError, readCertificateRequest } from '../../../kinds/certificate-request.ts';
import type { StandInView } from '../../../stand-in.ts';
import type { StandInFunction } from '../data-stand-in.ts';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { Failure, goParseDurationMs, parseAddress } from '@typekro/kit/golang';

/** The functions of the stand-in `cert-manager`. Keys, requests and certificates are texts in PEM format. */
export const CERT_MANAGER_FUNCTIONS: Record<string, StandInFunction> = {
  caProblem,
  certificateRequest: (_view, certificate: KubeObject, key: string) => certificateRequestOf(certificate, key),
  newPrivateKey: (_view, certificate: KubeObject) => newPrivateKey(certificate),
  retryMs: (_view, attempts: number) => backoffMs(RETRY_POLICIES.failedIssuance, attempts, 0),
  sign,
  validity,
};

/** The reason why a key pair cannot sign as an authority; `''` when it can. */
function caProblem(_view: StandInView, chain: string, key: string): string {
  const { createPrivateKey, X509Certificate } = cryptoLibrary();
  try {
    const certificate = new X509Certificate(chain);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return 'the private key does not belong to the certificate';
    return certificate.ca ? '' : 'signing certificate is not a CA';
  } catch (error) {
    return `error decoding the key pair: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The signed certificate of a CertificateRequest, or an `error`. Without a signer, the authority of the stand-in signs. */
function sign({ now }: StandInView, request: KubeObject, signer: Signer | null) {
  try {
    return { ...signCertificateRequest(request, signer ?? standInAuthority(now), now) };
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return { error: error.message };
  }
}

/** The validity of a chain, and the time of the renewal: one third of the duration before the certificate expires. */
function validity(_view: StandInView, certificate: KubeObject, chain: string) {
  const { validFrom, validTo } = new (cryptoLibrary().X509Certificate)(chain);
  const notAfter = Date.parse(validTo);
  return {
    notBefore: formatTime(Date.parse(validFrom)),
    notAfter: formatTime(notAfter),
    renewalTime: formatTime(notAfter - certificateDurationMs(certificate) / 3),
  };
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

let authority: Signer | undefined;

/**
 * The authority that signs in place of issuers outside the cluster. The subject name of the authority says that it
 * belongs to a stand-in. A process creates its authority at the first use.
 */
function standInAuthority(now: number): Signer {
  if (authority !== undefined) return authority;
  const { publicKey, privateKey } = cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = distinguishedName('typekro stand-in for an issuer outside the cluster', ['TypeKro']);
  const chain = signCertificate({
    subject,
    issuer: subject,
    publicKey,
    signingKey: privateKey,
    notBefore: now - YEAR_MS,
    notAfter: now + 9 * YEAR_MS,
    extensions: [basicConstraints(true), keyUsage([0, 5])],
  });
  authority = { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), chain };
  return authority;
}

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
function newPrivateKey(certificate: KubeObject): string {
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
function certificateRequestOf(certificate: KubeObject, privateKey: string): string {
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
interface SignedCertificate {
  /** The certificate, followed by its signer's chain. Self-signed certificates of the chain are omitted. */
  readonly chain: string;
  /** The certificate of the authority. */
  readonly ca: string;
}

/**
 * Signs the request of a CertificateRequest.
 *
 * @throws CertificateRequestError for a request that cannot be read, and for a signer whose key or chain cannot sign.
 */
export function signCertificateRequest(request: KubeObject, signer: Signer, now: number): SignedCertificate {
  const { createPrivateKey, createPublicKey } = cryptoLibrary();
  const pem = Buffer.from(textAt(request, 'spec', 'request'), 'base64').toString('utf8');
  const csr = readCertificateRequest(pem);
  const uses = asTexts(request.spec?.['usages']);
  const named = uses.length === 0 ? DEFAULT_USES : uses;
  const isAuthority = request.spec?.['isCA'] === true;
  const bits = [...named.flatMap((use) => KEY_USES.get(use) ?? []), ...(isAuthority ? [5] : [])];
  const purposes = named.flatMap((use) => PURPOSES.get(use) ?? []);
  const content = {
    subject: csr.subject,
    publicKey: createPublicKey({ key: csr.publicKey, format: 'der', type: 'spki' }),
    signingKey: ofSigner('the private key of the signer', () => createPrivateKey(signer.key)),
    notBefore: now,
    notAfter: now + certificateDurationMs(request),
    extensions: [
      basicConstraints(isAuthority),
      // As in Go, a certificate without key uses does not have the extension `keyUsage`. OpenSSL refuses this extension
      // without bits.
      ...(bits.length === 0 ? [] : [keyUsage(bits)]),
      ...(purposes.length === 0 ? [] : [extendedKeyUsage(purposes)]),
      ...(csr.alternativeNames === undefined ? [] : [alternativesFromDer(csr.alternativeNames)]),
    ],
  };
  const signedBy = (issuer: Buffer): string =>
    ofSigner('the private key of the signer', () => signCertificate({ ...content, issuer }));
  if (signer.chain === undefined) {
    const cert = signedBy(csr.subject);
    return { chain: cert, ca: cert };
  }
  const [issuer, ...others] = certificatesOf(signer.chain);
  const cert = signedBy(ofSigner('the certificate of the signer', () => subjectOf(issuer.raw)));
  // Servers do not present self-signed certificates in their chain.
  const between = [issuer, ...others].filter((each) => !isSelfSigned(each));
  return { chain: [cert, ...between.map(pemOf)].join(''), ca: pemOf(others.at(-1) ?? issuer) };
}

/**
 * Parses the certificates of a signer's chain, which is in PEM format with any line ends.
 *
 * @throws CertificateRequestError for a chain without certificates, and for a certificate that cannot be parsed.
 */
function certificatesOf(chain: string): readonly [X509Certificate, ...X509Certificate[]] {
  const { X509Certificate } = cryptoLibrary();
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [first, ...others] = ofSigner('the certificate chain of the signer', () =>
    blocks.map((block) => new X509Certificate(block)),
  );
  if (first === undefined)
    throw new CertificateRequestError('the certificate chain of the signer contains no certificate');
  return [first, ...others];
}

/** Prints a certificate in PEM format, with line feeds. */
const pemOf = ({ raw }: X509Certificate): string => pemText('CERTIFICATE', raw);

/**
 * Returns the result of a step that uses the signer's key or chain. `what` names the part of the signer in the error.
 *
 * @throws CertificateRequestError when the step throws.
 */
function ofSigner<Result>(what: string, step: () => Result): Result {
  try {
    return step();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CertificateRequestError(`${what} is not usable: ${reason}`, { cause: thrown });
  }
}

/** The validity that a certificate's spec requests, in milliseconds. */
function certificateDurationMs({ spec }: KubeObject): number {
  return goParseDurationMs(textAt(spec, 'duration')) ?? DEFAULT_DURATION_MS;
}

const isSelfSigned = ({ subject, issuer }: X509Certificate): boolean => subject === issuer;
