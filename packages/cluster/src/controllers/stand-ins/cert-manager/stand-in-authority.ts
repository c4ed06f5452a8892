import { cryptoLibrary } from '@typekro/kit/core';
import { basicConstraints, distinguishedName, keyUsage, signCertificate } from '../../../codec/x509.ts';
import type { Signer } from './signing.ts';

const YEAR_MS = 365 * 24 * 3600 * 1000;

let authority: Signer | undefined;

/**
 * The authority that signs in place of issuers outside the cluster. The subject name of the authority says that it
 * belongs to a stand-in. A process creates its authority at the first use.
 */
export function standInAuthority(now: number): Signer {
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
