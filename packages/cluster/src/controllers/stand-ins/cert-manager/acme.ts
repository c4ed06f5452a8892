import { createHash } from 'node:crypto';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { StandInKind, StandInResult, StandInView } from '../../../stand-in.ts';

const GROUP = 'acme.cert-manager.io';
const V1 = 'acme.cert-manager.io/v1';

/** The final states of an order or a challenge. */
const FINAL: ReadonlySet<string> = new Set(['valid', 'invalid', 'expired', 'errored']);

/** ACME orders: first pending, then valid; invalid after a simulated failure. No ACME server is called. */
export const orders: StandInKind = {
  group: GROUP,
  kind: 'Order',
  reconcile(order, view) {
    const url = `https://acme.invalid/order/${order.metadata.uid}`;
    return acmeResult(order, view, { url, finalizeURL: `${url}/finalize` });
  },
};

/** ACME challenges: first pending, then valid; invalid after a simulated failure. */
export const challenges: StandInKind = {
  group: GROUP,
  kind: 'Challenge',
  finalizer: 'acme.cert-manager.io/finalizer',
  reconcile: (challenge, view) => {
    const isOpen = view.failure === undefined && view.completedSteps(1) === 0;
    return acmeResult(challenge, view, { presented: isOpen, processing: isOpen });
  },
};

function acmeResult(object: KubeObject, view: StandInView, members: JsonObject): StandInResult | undefined {
  if (FINAL.has(textAt(object.status, 'state'))) return undefined;
  const { failure } = view;
  if (failure !== undefined) {
    const reason = `${failure.reason}: ${failure.message}`;
    const failureTime = object.kind === 'Order' ? { failureTime: view.timestamp } : {};
    return {
      status: { ...members, ...failureTime, state: 'invalid', reason },
      events: [{ type: 'Warning', reason: 'Failed', message: reason }],
    };
  }
  const state = view.completedSteps(1) === 0 ? 'pending' : 'valid';
  const events = state === 'valid' ? [{ reason: 'Complete', message: `${object.kind} completed successfully` }] : [];
  return { status: { ...members, state }, events };
}

/** Returns the order for a CertificateRequest. */
export function acmeOrderOf({ spec, metadata }: KubeObject): KubeObject {
  const { namespace = '', name = '' } = metadata;
  const request = textAt(spec, 'request');
  const hash = createHash('sha256').update(request).digest().readUInt32BE(0);
  return {
    apiVersion: V1,
    kind: 'Order',
    metadata: { name: `${name}-${hash}`, namespace },
    spec: { request, issuerRef: spec?.['issuerRef'] ?? {} },
  };
}

/** Returns the state of an order, or `pending` when it does not exist yet. */
export function orderState(view: StandInView, { apiVersion, kind, metadata }: KubeObject): string {
  const { name = '', namespace = '' } = metadata;
  return textAt(view.get({ apiVersion, kind, name, namespace }), 'status', 'state') || 'pending';
}
