import type { JsonObject, KubeObject } from '../../../../core/index.ts';
import { objectsAt, textAt } from '../../../../kubernetes/index.ts';
import { CertificateRequestError } from '../../../kinds/certificate-request.ts';
import type { StandInCondition, StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';
import { orderOf, orderState } from './acme.ts';
import { GROUP, isTrue, issuerReference, issuerType, referencedIssuer, secretText, signingSecret } from './issuers.ts';
import type { Signer } from './signing.ts';
import { signCertificateRequest } from './signing.ts';
import { standInAuthority } from './stand-in-authority.ts';

/** The annotation with the name of the Secret that has the key of a request. */
export const PRIVATE_KEY_SECRET = 'cert-manager.io/private-key-secret-name';

const APPROVED: StandInCondition = {
  type: 'Approved',
  status: 'True',
  reason: 'cert-manager.io',
  message: 'Certificate request has been approved by cert-manager.io',
};

/**
 * Requests for certificates: each is approved, and signed when its issuer is ready. A decided request stays as it is.
 */
export const certificateRequests: StandInKind = {
  group: GROUP,
  kind: 'CertificateRequest',
  follows: [
    { group: GROUP, kind: 'Issuer' },
    { group: GROUP, kind: 'ClusterIssuer' },
  ],

  reconcile(request, view) {
    const isDecided =
      isTrue(request, 'Ready') ||
      objectsAt(request.status, 'conditions').some(({ type, reason }) => type === 'Ready' && reason === 'Failed');
    if (isDecided || issuerReference(request).group !== GROUP) return undefined;
    if (isTrue(request, 'Denied'))
      return failedRequest(view, 'The CertificateRequest was denied by an approval controller', 'Denied');
    if (view.failure !== undefined) return failedRequest(view, `${view.failure.reason}: ${view.failure.message}`);
    const issuer = referencedIssuer(request, view);
    const { kind, name } = issuerReference(request);
    if (issuer === undefined) {
      const plain = `${kind.toLowerCase()}.${GROUP} "${name}" not found`;
      return pending(view, `Referenced "${kind}" not found: ${plain}`);
    }
    if (!isTrue(issuer, 'Ready')) return pending(view, `Referenced "${kind}" does not have a Ready status condition`);
    if (view.completedSteps(1) === 0) return pending(view, 'Waiting for the issuer to sign the request');
    if (issuerType(issuer) === 'acme') {
      const order = orderOf(request);
      const state = orderState(view, order);
      if (state === 'invalid' || state === 'errored')
        return failedRequest(
          view,
          `Failed to wait for order resource "${order.metadata.name}" to become ready: order is in "${state}" state`,
        );
      if (state !== 'valid') {
        const message = `Waiting on certificate issuance from order ${request.metadata.namespace}/${order.metadata.name}: "${state}"`;
        return { ...pending(view, message), owned: [order] };
      }
    }
    return sign(request, issuer, view);
  },
};

function sign(request: KubeObject, issuer: KubeObject, view: StandInView): StandInResult {
  const signer = signerOf(request, issuer, view);
  if (typeof signer === 'string') return pending(view, signer);
  try {
    const { chain, ca } = signCertificateRequest(request, signer, view.now);
    const ready = 'Certificate fetched from issuer successfully';
    return {
      status: {
        certificate: Buffer.from(chain).toString('base64'),
        ca: Buffer.from(ca).toString('base64'),
        conditions: view.conditions([APPROVED, { type: 'Ready', status: 'True', reason: 'Issued', message: ready }]),
      },
      events: [{ reason: 'CertificateIssued', message: ready }],
    };
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return failedRequest(view, `Failed to decode CSR in spec.request: ${error.message}`);
  }
}

/** The key that signs a request, or why there is none. */
function signerOf(request: KubeObject, issuer: KubeObject, view: StandInView): Signer | string {
  const type = issuerType(issuer);
  if (type === 'selfSigned') {
    const { namespace = '', annotations } = request.metadata;
    const name = annotations?.[PRIVATE_KEY_SECRET] ?? '';
    if (name === '') return `Annotation "${PRIVATE_KEY_SECRET}" missing or reference empty`;
    const key = secretText(view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }), 'tls.key');
    return key === '' ? `Referenced secret ${namespace}/${name} not found` : { key };
  }
  if (type !== 'ca') return standInAuthority(view.now);
  const secret = signingSecret(issuer, view);
  return { key: secretText(secret, 'tls.key'), chain: secretText(secret, 'tls.crt') };
}

function pending(view: StandInView, message: string): StandInResult {
  return { status: conditions(view, { type: 'Ready', status: 'False', reason: 'Pending', message }) };
}

function failedRequest(view: StandInView, message: string, reason = 'Failed'): StandInResult {
  const status = conditions(view, { type: 'Ready', status: 'False', reason, message });
  return { status: { ...status, failureTime: view.timestamp }, events: [{ type: 'Warning', reason, message }] };
}

function conditions(view: StandInView, ready: StandInCondition): JsonObject {
  return { conditions: view.conditions(ready.reason === 'Denied' ? [ready] : [APPROVED, ready]) };
}

/** The certificate of a signed request, PEM text. */
export const issuedChain = (request: KubeObject): string =>
  Buffer.from(textAt(request.status, 'certificate'), 'base64').toString('utf8');
