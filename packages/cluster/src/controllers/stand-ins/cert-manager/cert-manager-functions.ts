import type { KubeObject } from '@typekro/kit/core';
import { backoffMs, cryptoLibrary, RETRY_POLICIES } from '@typekro/kit/core';
import { formatTime } from '@typekro/kit/kubernetes';
import { basicConstraints, distinguishedName, keyUsage, signCertificate } from '../../../codec/x509.ts';
import { CertificateRequestError } from '../../../kinds/certificate-request.ts';
import type { StandInView } from '../../../stand-in.ts';
import type { StandInFunction } from '../data-stand-in.ts';
import type { Signer } from './signing.ts';
import { certificateDurationMs, certificateRequestOf, newPrivateKey, signCertificateRequest } from './signing.ts';

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
