import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { CertificateRequestError } from '../../../kinds/certificate-request.ts';
import type { StandInCondition, StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';
import { acmeOrderOf, orderState } from './acme.ts';
import { GROUP, isTrue, issuerReference, issuerType, referencedIssuer, secretText, signingSecret } from './issuers.ts';
import type { Signer } from './signing.ts';
import { signCertificateRequest } from './signing.ts';
import { standInAuthority } from './stand-in-authority.ts';

/** The annotation that names the Secret with a request's private key. */
export const PRIVATE_KEY_SECRET = 'cert-manager.io/private-key-secret-name';

const APPROVED: StandInCondition = {
  type: 'Approved',
  status: 'True',
  reason: 'cert-manager.io',
  message: 'Certificate request has been approved by cert-manager.io',
};

/**
 * Handles CertificateRequests. A request that is not denied is approved, and is signed when its issuer is ready.
 * Signed, failed and invalid requests do not change. Conditions that other clients wrote are kept, because these
 * conditions approve or deny the request.
 */
export const certificateRequests: StandInKind = {
  group: GROUP,
  kind: 'CertificateRequest',
  follows: [
    { group: GROUP, kind: 'Issuer' },
    { group: GROUP, kind: 'ClusterIssuer' },
  ],

  reconcile(request, view) {
    if (issuerReference(request).group !== GROUP) return undefined;
    const reason = textAt(conditionOf(request, 'Ready'), 'reason');
    // As in cert-manager, a denial is checked before all other conditions. This controller records no event, because
    // the client that denies the request records one.
    if (isTrue(request, 'Denied')) {
      if (reason === 'Denied') return undefined;
      const message = 'The CertificateRequest was denied by an approval controller';
      return { status: failureStatus(request, view, { type: 'Ready', status: 'False', reason: 'Denied', message }) };
    }
    const isDecided = isTrue(request, 'Ready') || reason === 'Failed' || isTrue(request, 'InvalidRequest');
    if (isDecided) return undefined;
    if (view.failure !== undefined)
      return failedRequest(request, view, `${view.failure.reason}: ${view.failure.message}`);
    const issuer = referencedIssuer(request, view);
    const { kind, name } = issuerReference(request);
    if (issuer === undefined) {
      const plain = `${kind.toLowerCase()}.${GROUP} "${name}" not found`;
      return pending(request, view, `Referenced "${kind}" not found: ${plain}`);
    }
    if (!isTrue(issuer, 'Ready'))
      return pending(request, view, `Referenced "${kind}" does not have a Ready status condition`);
    if (view.completedSteps(1) === 0) return pending(request, view, 'Waiting for the issuer to sign the request');
    if (issuerType(issuer) === 'acme') {
      const order = acmeOrderOf(request);
      const state = orderState(view, order);
      if (state === 'invalid' || state === 'errored')
        return failedRequest(
          request,
          view,
          `Failed to wait for order resource "${order.metadata.name}" to become ready: order is in "${state}" state`,
        );
      if (state !== 'valid') {
        const message = `Waiting on certificate issuance from order ${request.metadata.namespace}/${order.metadata.name}: "${state}"`;
        return { ...pending(request, view, message), owned: [order] };
      }
    }
    return sign(request, issuer, view);
  },
};

function sign(request: KubeObject, issuer: KubeObject, view: StandInView): StandInResult {
  const signer = signerOf(request, issuer, view);
  if (typeof signer === 'string') return pending(request, view, signer);
  try {
    const { chain, ca } = signCertificateRequest(request, signer, view.now);
    const ready = 'Certificate fetched from issuer successfully';
    return {
      status: {
        certificate: Buffer.from(chain).toString('base64'),
        ca: Buffer.from(ca).toString('base64'),
        ...conditions(request, view, { type: 'Ready', status: 'True', reason: 'Issued', message: ready }),
      },
      events: [{ reason: 'CertificateIssued', message: ready }],
    };
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return failedRequest(request, view, `Failed to decode CSR in spec.request: ${error.message}`);
  }
}

/** The signer of a request, or the reason why the issuer has no signer. */
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

function pending(request: KubeObject, view: StandInView, message: string): StandInResult {
  return { status: conditions(request, view, { type: 'Ready', status: 'False', reason: 'Pending', message }) };
}

function failedRequest(request: KubeObject, view: StandInView, message: string): StandInResult {
  const reason = 'Failed';
  const status = failureStatus(request, view, { type: 'Ready', status: 'False', reason, message });
  return { status, events: [{ type: 'Warning', reason, message }] };
}

/** The status of a request that fails. A recorded `failureTime` is kept. */
function failureStatus(request: KubeObject, view: StandInView, ready: StandInCondition): JsonObject {
  const failureTime = textAt(request.status, 'failureTime') || view.timestamp;
  return { ...conditions(request, view, ready), failureTime };
}

/** The conditions of the request, with `Ready` replaced. A request without a decision is approved. */
function conditions(
  request: KubeObject,
  view: StandInView,
  ready: StandInCondition,
): { readonly conditions: JsonObject[] } {
  const isDecided = isTrue(request, 'Approved') || isTrue(request, 'Denied');
  const own = isDecided ? [ready] : [APPROVED, ready];
  const others = objectsAt(request.status, 'conditions').filter(({ type }) => own.every((each) => each.type !== type));
  return { conditions: [...others, ...view.conditions(own)] };
}

/** The certificate chain of a signed request, in PEM format. */
export const issuedChain = (request: KubeObject): string =>
  Buffer.from(textAt(request.status, 'certificate'), 'base64').toString('utf8');
