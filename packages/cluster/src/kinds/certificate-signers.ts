import type { CertificateUsage } from '@typekro/kube/certificates';
import type { CertificateRequest } from './certificate-request.ts';

/** The names of the three signers that the cluster implements: this one and the next two. */
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving';
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

type Names = Pick<CertificateRequest, 'commonName' | 'counts' | 'organizations'>;

const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];
const KUBELET_SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth'];

/**
 * Kubernetes' message that says why a signer does not sign a request; `undefined` when the signer signs the request.
 * The result is `unknown` for a signer that the cluster does not have.
 */
export function signerProblem(
  signer: string,
  request: Names,
  usages: readonly string[],
): { readonly problem: string } | 'unknown' | undefined {
  const check = CHECKS.get(signer);
  if (check === undefined) return 'unknown';
  const problem = check(request, usages);
  return problem === undefined ? undefined : { problem };
}

/** Is this the request of a kubelet for its client certificate? The approving controller recognizes such requests. */
export const isKubeletClient = (signer: string, request: Names, usages: readonly string[]): boolean =>
  signer === KUBELET_CLIENT_SIGNER && kubeletClientProblem(request, usages) === undefined;

const CHECKS: ReadonlyMap<string, (request: Names, usages: readonly string[]) => string | undefined> = new Map([
  [CLIENT_SIGNER, (_request: Names, usages: readonly string[]) => clientProblem(usages)],
  [KUBELET_CLIENT_SIGNER, kubeletClientProblem],
  [KUBELET_SERVING_SIGNER, kubeletServingProblem],
]);

function clientProblem(usages: readonly string[]): string | undefined {
  const notAllowed = usages.find((usage) => !CLIENT_USAGES.includes(usage));
  if (notAllowed !== undefined) return `invalid usage for client certificate: ${notAllowed}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

const isOfNodes = ({ organizations }: Names) => organizations.length === 1 && organizations[0] === 'system:nodes';
const WRONG_ORGANIZATION = 'subject organization is not system:nodes';
const WRONG_NAME = 'subject common name does not begin with system:node:';

function kubeletClientProblem(request: Names, usages: readonly string[]): string | undefined {
  const { dns, email, ip, uri } = request.counts;
  if (!isOfNodes(request)) return WRONG_ORGANIZATION;
  if (dns > 0) return 'DNS subjectAltNames are not allowed';
  if (email > 0) return 'Email subjectAltNames are not allowed';
  if (ip > 0) return 'IP subjectAltNames are not allowed';
  if (uri > 0) return 'URI subjectAltNames are not allowed';
  if (!request.commonName.startsWith('system:node:')) return WRONG_NAME;
  return usageProblem(CLIENT_USAGES, usages);
}

function kubeletServingProblem(request: Names, usages: readonly string[]): string | undefined {
  const { dns, email, ip, uri } = request.counts;
  if (!isOfNodes(request)) return WRONG_ORGANIZATION;
  if (dns === 0 && ip === 0) return 'DNS or IP subjectAltName is required';
  if (email > 0) return 'Email subjectAltNames are not allowed';
  if (uri > 0) return 'URI subjectAltNames are not allowed';
  const problem = usageProblem(KUBELET_SERVING_USAGES, usages);
  if (problem !== undefined) return problem;
  return request.commonName.startsWith('system:node:') ? undefined : WRONG_NAME;
}

/**
 * The message for usages that differ from the required usages; `undefined` when they agree. The usage
 * `key encipherment` may be missing, because only RSA keys can encipher other keys.
 */
function usageProblem(required: readonly string[], usages: readonly string[]): string | undefined {
  const given = new Set(usages);
  const missing = required.filter((usage) => !given.has(usage));
  const fits =
    usages.every((usage) => required.includes(usage)) && missing.every((usage) => usage === 'key encipherment');
  return fits ? undefined : `usages did not match [${required.join(' ')}]`;
}

/** Keeps only the usages that the signers accept. */
export const certificateUsages = (usages: readonly string[]): CertificateUsage[] =>
  (['client auth', 'digital signature', 'key encipherment', 'server auth'] as const).filter((usage) =>
    usages.includes(usage),
  );

const YEAR_SECONDS = 365 * 24 * 3600;
const BACKDATE_MS = 5 * 60 * 1000;
const SHORT_MS = 8 * 3600 * 1000;
const MIN_SECONDS = 600;

/**
 * The validity period of a certificate. Both ends are milliseconds since the epoch. The duration is the requested
 * duration, but at least ten minutes and at most one year. The default is one year. The period begins five minutes
 * early, because clocks differ. A period of eight hours or more also ends five minutes early.
 */
export function certificateLife(
  now: number,
  expirationSeconds: number | undefined,
): { readonly notBefore: number; readonly notAfter: number } {
  const seconds = Math.min(YEAR_SECONDS, Math.max(MIN_SECONDS, expirationSeconds ?? YEAR_SECONDS));
  const lifeMs = seconds * 1000;
  return { notBefore: now - BACKDATE_MS, notAfter: now + (lifeMs < SHORT_MS ? lifeMs : lifeMs - BACKDATE_MS) };
}
