import { generateKeyPairSync } from 'node:crypto';
import { distinguishedName, signRequest, subjectAlternatives } from '@typekro/kube/certificates';

/** A certificate signing request in PEM form, with its key. */
export interface RequestPair {
  readonly request: string;
  readonly key: string;
}

/** Creates a key and a certificate signing request. `dns` are the alternative names of the certificate. */
export function certificateRequest(
  commonName: string,
  organizations: readonly string[] = [],
  dns: readonly string[] = [],
): RequestPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = dns.length === 0 ? [] : [subjectAlternatives({ dns })];
  return {
    request: signRequest(distinguishedName(commonName, organizations), privateKey, extensions),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
