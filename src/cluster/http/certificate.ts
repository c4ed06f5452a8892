import { cryptoLibrary } from '../../core/index.ts';
import {
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectAlternatives,
} from '../codec/x509.ts';

/** A certificate and its key, both PEM texts. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of one cluster. */
export interface Authority {
  /** The authority's own certificate, PEM text. */
  readonly ca: string;
  /** Makes a key and a server certificate for names and IPv4 addresses. */
  issue(names: readonly string[], addresses: readonly string[]): CertificatePair;
  /** Makes a key and a client certificate: the common name is the user, the organizations are the groups. */
  issueClient(user: string, groups: readonly string[]): CertificatePair;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

/** The purposes of certificates, as object identifiers. */
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

/**
 * Makes an authority. Its certificates are valid from one year before `now` (milliseconds since the epoch) to nine
 * years after it.
 */
export function createAuthority(now: number, name = 'typekro-ca'): Authority {
  const { publicKey, privateKey } = cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName(name);
  const validity = { notBefore: now - YEAR_MS, notAfter: now + 9 * YEAR_MS };
  const ca = signCertificate({
    subject: issuer,
    issuer,
    publicKey,
    signingKey: privateKey,
    ...validity,
    extensions: [basicConstraints(true), keyUsage([5])],
  });
  /** Makes a key and its certificate for one purpose (the identifier of an extended key usage). */
  const issuePair = (subject: Buffer, purpose: string, extensions: readonly Buffer[]): CertificatePair => {
    const pair = cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = signCertificate({
      subject,
      issuer,
      publicKey: pair.publicKey,
      signingKey: privateKey,
      ...validity,
      extensions: [...extensions, keyUsage([0]), extendedKeyUsage([purpose])],
    });
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return {
    ca,
    issue(dns, addresses) {
      const bytes = addresses
        .filter((address) => /^\d+(\.\d+){3}$/.test(address))
        .map((address) => Buffer.from(address.split('.').map(Number)));
      const names = subjectAlternatives({ dns, addresses: bytes });
      return issuePair(distinguishedName('typekro-apiserver'), SERVER, [names]);
    },
    issueClient: (user, groups) => issuePair(distinguishedName(user, groups), CLIENT, []),
  };
}
