import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { backoffMs, cryptoLibrary, RETRY_POLICIES } from '@typekro/kit/core';
import { conditionOf, formatTime, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInCondition, StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';
import { GROUP, isTrue, issuerReference, secretText } from './issuers.ts';
import { issueFrom, newRequest, requestName, certificateRevision } from './issuance.ts';
import { certificateDurationMs } from './signing.ts';

const READY: StandInCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'Ready',
  message: 'Certificate is up to date and has not expired',
  observed: true,
};

/**
 * Issues Certificates. Creates a key in a temporary Secret, and a CertificateRequest for this key. When the request is
 * signed, writes the Secret of the certificate. A certificate is issued again when its issuer or its DNS names change,
 * when its Secret is missing, empty or of another certificate, and when two thirds of its validity have passed.
 */
export const certificates: StandInKind = {
  group: GROUP,
  kind: 'Certificate',
  follows: [{ group: '', kind: 'Secret' }],

  reconcile(certificate, view) {
    if (view.failure !== undefined) return failed(certificate, view, `${view.failure.reason}: ${view.failure.message}`);
    const need = whyIssued(certificate, view);
    if (need === undefined) return upToDate(certificate, view);
    const request = view.get(requestName(certificate));
    if (request === undefined) {
      if (view.completedSteps(1) === 0) return issuing(certificate, view, need);
      const { privateKeySecret, ...started } = newRequest(certificate, view);
      const { status } = issuing(certificate, view, need);
      return { ...started, status: { ...status, nextPrivateKeySecretName: privateKeySecret } };
    }
    const failure = failureOf(request);
    if (failure !== undefined) return afterFailure(certificate, view, failure);
    if (!isTrue(request, 'Ready')) return issuing(certificate, view, need);
    // The event of the new Secret makes the controller reconcile the certificate again.
    return issueFrom(certificate, request, view);
  },
};

/** The condition that says why a request failed; `undefined` when the request has not failed. */
function failureOf(request: KubeObject): JsonObject | undefined {
  for (const type of ['Denied', 'InvalidRequest']) if (isTrue(request, type)) return conditionOf(request, type);
  const ready = conditionOf(request, 'Ready');
  return ready?.['reason'] === 'Failed' ? ready : undefined;
}

/** Reports a failed request once. Removes the request when the next attempt is due. */
function afterFailure(certificate: KubeObject, view: StandInView, failure: JsonObject): StandInResult {
  const lastFailure = Date.parse(textAt(certificate.status, 'lastFailureTime'));
  // `Issuing` is False when this failure is already reported, and True while a new request has no result. Comparing
  // times would not work, because timestamps have no fractions of a second.
  const isKnown = conditionOf(certificate, 'Issuing')?.['status'] === 'False';
  if (!isKnown || Number.isNaN(lastFailure))
    return failed(certificate, view, textAt(failure, 'message'), textAt(failure, 'reason'));
  const attempts = Number(certificate.status?.['failedIssuanceAttempts'] ?? 1);
  const waitMs = lastFailure + backoffMs(RETRY_POLICIES.failedIssuance, attempts, 0) - view.now;
  if (waitMs > 0) return { againMs: waitMs };
  return { removed: [requestName(certificate)] };
}

/** The reason and message that say why a certificate must be issued; `undefined` when the certificate is up to date. */
function whyIssued(certificate: KubeObject, view: StandInView): readonly [reason: string, message: string] | undefined {
  const { namespace = '', name = '' } = certificate.metadata;
  const secretName = textAt(certificate, 'spec', 'secretName');
  const secret = view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: secretName });
  if (secret === undefined) return ['DoesNotExist', 'Issuing certificate as Secret does not exist'];
  const chain = secretText(secret, 'tls.crt');
  if (chain === '' || secretText(secret, 'tls.key') === '')
    return ['MissingData', 'Issuing certificate as Secret does not contain any data'];
  const { annotations = {} } = secret.metadata;
  const { kind, name: issuer } = issuerReference(certificate);
  const isOfIssuer =
    annotations['cert-manager.io/issuer-name'] === issuer && annotations['cert-manager.io/issuer-kind'] === kind;
  if (!isOfIssuer || annotations['cert-manager.io/certificate-name'] !== name)
    return [
      'IncorrectIssuer',
      `Issuing certificate as Secret was previously issued by another issuer or for another certificate`,
    ];
  if (
    annotations['cert-manager.io/alt-names'] !==
    ((certificate.spec?.['dnsNames'] as string[] | undefined) ?? []).join(',')
  )
    return ['SecretMismatch', 'Existing issued Secret is not up to date for spec: [spec.dnsNames]'];
  const renewal = renewalTime(certificate, validity(chain).notAfter);
  return view.now >= renewal
    ? ['Renewing', `Renewing certificate as renewal was scheduled at ${formatTime(renewal)}`]
    : undefined;
}

function validity(chain: string): { readonly notBefore: number; readonly notAfter: number } {
  const { validFrom, validTo } = new (cryptoLibrary().X509Certificate)(chain);
  return { notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
}

/** The time of the renewal: one third of the duration before the certificate expires. */
const renewalTime = (certificate: KubeObject, notAfter: number): number =>
  notAfter - certificateDurationMs(certificate) / 3;

function upToDate(certificate: KubeObject, view: StandInView): StandInResult {
  const { namespace = '' } = certificate.metadata;
  const name = textAt(certificate, 'spec', 'secretName');
  const chain = secretText(view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }), 'tls.crt');
  const { notBefore, notAfter } = validity(chain);
  const renewal = renewalTime(certificate, notAfter);
  return {
    status: {
      conditions: view.conditions([READY]),
      notBefore: formatTime(notBefore),
      notAfter: formatTime(notAfter),
      renewalTime: formatTime(renewal),
      revision: Math.max(1, certificateRevision(certificate)),
    },
    events: [{ reason: 'Issuing', message: 'The certificate has been successfully issued' }],
    againMs: Math.max(0, renewal - view.now),
  };
}

function issuing(
  certificate: KubeObject,
  view: StandInView,
  [reason, message]: readonly [string, string],
): StandInResult & {
  readonly status: JsonObject;
} {
  const { conditions: _conditions, ...status } = certificate.status ?? {};
  const isValid = reason === 'Renewing';
  const ready: StandInCondition = isValid ? READY : { ...READY, status: 'False', reason, message };
  const issued: StandInCondition = { type: 'Issuing', status: 'True', reason, message, observed: true };
  return {
    status: { ...status, conditions: view.conditions([ready, issued]) },
    events: [{ reason: 'Issuing', message }],
  };
}

function failed(certificate: KubeObject, view: StandInView, cause: string, reason = 'Failed'): StandInResult {
  const message = `The certificate request has failed to complete and will be retried: ${cause}`;
  const before = certificate.status ?? {};
  const issuingBefore = objectsAt(before, 'conditions').find(({ type }) => type === 'Issuing');
  // A failure that an annotation or a rule simulates has no CertificateRequest. It is reported and counted only once.
  if (view.failure !== undefined && issuingBefore?.['message'] === message) return {};
  const ready: StandInCondition = isTrue(certificate, 'Ready')
    ? READY
    : { ...READY, status: 'False', reason: 'DoesNotExist', message: 'Issuing certificate as Secret does not exist' };
  const issued: StandInCondition = { type: 'Issuing', status: 'False', reason, message, observed: true };
  return {
    status: {
      ...before,
      conditions: view.conditions([ready, issued]),
      lastFailureTime: view.timestamp,
      failedIssuanceAttempts: Number(before['failedIssuanceAttempts'] ?? 0) + 1,
    },
    events: [{ type: 'Warning', reason, message }],
  };
}
