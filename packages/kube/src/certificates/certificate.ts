import type { KeyObject } from 'node:crypto';
import { cryptoLibrary } from '@typekro/kit/core';
import { Failure, parseAddress } from '@typekro/kit/golang';
import {
  alternativesFromDer,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectAlternatives,
  subjectOf,
  type CertificateContent,
} from './x509.ts';

/** A certificate and its key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** The use of a certificate's key, in the words of CertificateSigningRequests. */
export type CertificateUsage = 'client auth' | 'digital signature' | 'key encipherment' | 'server auth';

/** The content of a certificate for the public key of a request. The requester keeps the private key. */
export interface RequestedCertificate {
  /** The subject's name as DER. */
  readonly subject: Buffer;
  /** The public key as DER (SubjectPublicKeyInfo). */
  readonly publicKey: Buffer;
  /** The alternative names as DER, or `undefined` if there are none. */
  readonly alternativeNames: Buffer | undefined;
  readonly usages: readonly CertificateUsage[];
  /**
   * The start and end of the validity, in milliseconds since the epoch. The certificate expires no later than the
   * authority's certificate.
   */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The certificate authority of a cluster. */
export interface Authority {
  /** The authority's own certificate, as PEM. */
  readonly ca: string;
  /** The authority's key, as PEM. */
  readonly key: string;
  /**
   * Creates a key and a server certificate for names and addresses. An address that is not an IP address counts as a
   * name.
   */
  issue(names: readonly string[], addresses: readonly string[]): CertificatePair;
  /** Creates a key and a client certificate. The common name is the user, and the organizations are the groups. */
  issueClient(user: string, groups: readonly string[]): CertificatePair;
  /** Creates a certificate, as PEM, for the public key of a request. */
  sign(requested: RequestedCertificate): string;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const newPair = () => cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });

/**
 * Creates an authority. Its own certificate, and those of `issue` and `issueClient`, are valid from one year before
 * `now` (milliseconds since the epoch) to nine years after `now`.
 */
export function createAuthority(now: number, name = 'typekro-ca'): Authority {
  const { publicKey, privateKey } = newPair();
  const subject = distinguishedName(name);
  const validity = { notBefore: now - YEAR_MS, notAfter: now + 9 * YEAR_MS };
  const ca = signCertificate({
    subject,
    issuer: subject,
    publicKey,
    signingKey: privateKey,
    ...validity,
    extensions: [basicConstraints(true), keyUsage([5])],
  });
  return authorityOf({ ca, issuer: subject, signingKey: privateKey, ...validity });
}

/**
 * Opens an authority from a certificate and its key, both as PEM.
 *
 * @throws Error when they are not a certificate and its key.
 */
export function openAuthority({ cert, key }: CertificatePair): Authority {
  const { X509Certificate, createPrivateKey } = cryptoLibrary();
  const own = new X509Certificate(cert);
  const signingKey = createPrivateKey(key);
  if (!own.checkPrivateKey(signingKey)) throw new Error('the key is not that of the certificate');
  const validity = { notBefore: Date.parse(own.validFrom), notAfter: Date.parse(own.validTo) };
  return authorityOf({ ca: cert, issuer: subjectOf(own.raw), signingKey, ...validity });
}

interface AuthorityInit extends Pick<CertificateContent, 'issuer' | 'signingKey' | 'notBefore' | 'notAfter'> {
  readonly ca: string;
}

/** The bits of the X.509 extension `keyUsage`. */
const KEY_USAGE_BITS = { 'digital signature': 0, 'key encipherment': 2 } as const;
/** The object identifiers of the X.509 extension `extendedKeyUsage`. */
const PURPOSES = { 'server auth': '1.3.6.1.5.5.7.3.1', 'client auth': '1.3.6.1.5.5.7.3.2' } as const;

/** Returns the extensions `keyUsage` and `extendedKeyUsage` for these usages. */
function usageExtensions(usages: readonly CertificateUsage[]): Buffer[] {
  const bits: number[] = [];
  const purposes: string[] = [];
  for (const usage of usages) {
    if (usage === 'digital signature' || usage === 'key encipherment') bits.push(KEY_USAGE_BITS[usage]);
    else purposes.push(PURPOSES[usage]);
  }
  return [
    ...(bits.length === 0 ? [] : [keyUsage(bits)]),
    ...(purposes.length === 0 ? [] : [extendedKeyUsage(purposes)]),
  ];
}

function authorityOf({ ca, issuer, signingKey, notBefore, notAfter }: AuthorityInit): Authority {
  /** Creates a key and its certificate. */
  const issuePair = (subject: Buffer, purpose: CertificateUsage, extensions: readonly Buffer[]): CertificatePair => {
    const pair = newPair();
    const cert = signCertificate({
      issuer,
      signingKey,
      subject,
      publicKey: pair.publicKey,
      notBefore,
      notAfter,
      extensions: [...extensions, ...usageExtensions(['digital signature', purpose])],
    });
    return { cert, key: privatePem(pair.privateKey) };
  };
  return {
    ca,
    get key() {
      return privatePem(signingKey);
    },
    issue(ofNames, ofAddresses) {
      return issuePair(distinguishedName('typekro-apiserver'), 'server auth', [hosts([...ofNames, ...ofAddresses])]);
    },
    issueClient: (user, groups) => issuePair(distinguishedName(user, groups), 'client auth', []),
    sign({ alternativeNames, usages, publicKey, ...requested }) {
      return signCertificate({
        issuer,
        signingKey,
        subject: requested.subject,
        publicKey: cryptoLibrary().createPublicKey({ key: publicKey, format: 'der', type: 'spki' }),
        notBefore: requested.notBefore,
        notAfter: Math.min(requested.notAfter, notAfter),
        extensions: [
          ...usageExtensions(usages),
          basicConstraints(false),
          ...(alternativeNames === undefined ? [] : [alternativesFromDer(alternativeNames)]),
        ],
      });
    },
  };
}

/** Creates a key and a certificate for a server, which clients trust as its own authority. */
export function selfSignedCertificate(names: readonly string[], notBefore: number, notAfter: number): CertificatePair {
  const { publicKey, privateKey } = newPair();
  const subject = distinguishedName(names[0] ?? '');
  const cert = signCertificate({
    subject,
    issuer: subject,
    publicKey,
    signingKey: privateKey,
    // Clocks of other machines may be behind.
    notBefore: notBefore - HOUR_MS,
    notAfter,
    extensions: [basicConstraints(true), hosts(names), ...usageExtensions(['digital signature', 'server auth'])],
  });
  return { cert, key: privatePem(privateKey) };
}

/** The extension with host names and IP addresses. */
function hosts(names: readonly string[]): Buffer {
  const dns: string[] = [];
  const addresses: Uint8Array[] = [];
  for (const text of names) {
    const address = parseAddress(text);
    if (address instanceof Failure) dns.push(text);
    else addresses.push(address.bytes);
  }
  return subjectAlternatives({ dns, addresses });
}

const HOUR_MS = 3600 * 1000;

/**
 * The end of a server's certificate, in milliseconds since the epoch; 0 when the pair cannot be read, or when it is not
 * for these names.
 */
export function certificateEnd({ cert, key }: CertificatePair, names: readonly string[]): number {
  const { X509Certificate, createPrivateKey } = cryptoLibrary();
  try {
    const own = new X509Certificate(cert);
    const isOurs =
      own.checkPrivateKey(createPrivateKey(key)) &&
      names.every((name) => (own.checkHost(name) ?? own.checkIP(name)) !== undefined);
    return isOurs ? Date.parse(own.validTo) : 0;
  } catch {
    return 0;
  }
}
