import { type JsonObject, type KubeObject, cryptoLibrary } from '@typekro/kit/core';
import { conditionOf, listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type RoleContext, authorize } from '../auth/authorizer.ts';
import { systemClusterClock } from '../cluster-clock.ts';
import type { Authority } from '@typekro/kube/certificates';
import { type CertificateRequest, readCertificateRequest } from '../kinds/certificate-request.ts';
import { certificateLife, certificateUsages, isKubeletClient, signerProblem } from '../kinds/certificate-signers.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { StoreEvent } from '../store/store.ts';
import type { ControllerClient } from './controller-client.ts';
import { type SimulatedController, concerns, targetIn } from './simulated-controller.ts';
import { UnstoredValues } from './unstored-values.ts';

const REQUESTS = { group: 'certificates.k8s.io', plural: 'certificatesigningrequests' } as const;
const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** The parts of the cluster that the certificate controllers use in addition to stored objects. */
export interface CertificatesContext extends RoleContext {
  /** The authority of client certificates. */
  readonly clientAuthority: Authority;
}

function* changedRequests(event: StoreEvent): Generator<string> {
  if (event.type !== 'DELETED' && concerns(event, REQUESTS.group, REQUESTS.plural)) yield event.stored.key;
}

const requestOf = ({ spec }: KubeObject): CertificateRequest =>
  readCertificateRequest(Buffer.from(textAt(spec, 'request'), 'base64').toString('latin1'));

const usagesOf = ({ spec }: KubeObject): string[] => listAt(spec, 'usages').map(String);
const certificateOf = ({ status }: KubeObject): string => textAt(status, 'certificate');
const has = (object: KubeObject, type: string): boolean => conditionOf(object, type)?.['status'] === 'True';

/** Returns the object with an additional condition at the present time. */
function withCondition(object: KubeObject, client: ControllerClient, condition: JsonObject): KubeObject {
  const now = client.timestamp();
  const conditions = [
    ...objectsAt(object.status, 'conditions'),
    { ...condition, status: 'True', lastUpdateTime: now, lastTransitionTime: now },
  ];
  return { ...object, status: { ...object.status, conditions } };
}

/** Signs approved requests whose signer belongs to `kubernetes.io`, with the authority of client certificates. */
export function signingController(context: CertificatesContext): SimulatedController {
  const signed = new UnstoredValues();
  return {
    reset: () => signed.clear(),
    name: 'certificatesigningrequest-signing-controller',
    target: targetIn(REQUESTS),
    *keysOf(event) {
      if (concerns(event, REQUESTS.group, REQUESTS.plural)) yield event.stored.key;
    },
    reconcile(name, client) {
      const object = client.get(REQUESTS, '', name);
      if (object === undefined || certificateOf(object) !== '') return signed.drop(name);
      if (!has(object, 'Approved') || has(object, 'Failed')) return;
      const request = requestOf(object);
      const refusal = signerProblem(textAt(object.spec, 'signerName'), request, usagesOf(object));
      if (refusal === 'unknown') return;
      if (refusal !== undefined) {
        const condition = { type: 'Failed', reason: 'SignerValidationFailure', message: refusal.problem };
        const failed = withCondition(object, client, condition);
        client.updateStatus(object, objectAt(failed, 'status'));
        return;
      }
      const certificate = signed.of(name, object.metadata.uid ?? '', () =>
        sign(context.clientAuthority, object, request, client.now()),
      );
      client.updateStatus(object, { ...object.status, certificate });
    },
  };
}

/** Signs the certificate for a request. Returns it in base64. */
function sign(authority: Authority, object: KubeObject, request: CertificateRequest, now: number): string {
  const life = certificateLife(now, numberAt(object.spec, 'expirationSeconds'));
  const pem = authority.sign({
    ...request,
    usages: certificateUsages(usagesOf(object)),
    // TLS checks certificates by the machine's clock, and the cluster's clock can be ahead of it.
    notBefore: Math.min(life.notBefore, certificateLife(systemClusterClock.now(), undefined).notBefore),
    notAfter: life.notAfter,
  });
  return Buffer.from(pem).toString('base64');
}

/** The types of requests that are approved automatically, with the required right. */
const RECOGNIZED = [
  {
    subresource: 'selfnodeclient',
    isSelf: true,
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  {
    subresource: 'nodeclient',
    isSelf: false,
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  },
];

/** Returns the user that created a certificate request. */
function userOf({ spec }: KubeObject): UserInfo {
  const extra = Object.entries(objectAt(spec, 'extra')).map(([key, values]): [string, string[]] => [
    key,
    Array.isArray(values) ? values.map(String) : [],
  ]);
  return {
    name: textAt(spec, 'username'),
    uid: textAt(spec, 'uid'),
    groups: listAt(spec, 'groups').map(String),
    extra: Object.fromEntries(extra),
  };
}

const isPending = (object: KubeObject): boolean =>
  certificateOf(object) === '' && !has(object, 'Approved') && !has(object, 'Denied');

/** Approves a kubelet's request for a client certificate when the user of the request has the required right. */
export function approvingController(context: CertificatesContext): SimulatedController {
  return {
    name: 'certificatesigningrequest-approving-controller',
    target: targetIn(REQUESTS),
    *keysOf(event, client) {
      yield* changedRequests(event);
      // A new role or binding can grant the required right.
      if (event.type === 'DELETED' || event.collection.group !== RBAC_GROUP) return;
      for (const object of client.list(REQUESTS, '')) if (isPending(object)) yield object.metadata.name ?? '';
    },
    reconcile(name, client) {
      const object = client.get(REQUESTS, '', name);
      if (object === undefined || !isPending(object)) return;
      const request = requestOf(object);
      if (!isKubeletClient(textAt(object.spec, 'signerName'), request, usagesOf(object))) return;
      const user = userOf(object);
      for (const { subresource, isSelf, message } of RECOGNIZED) {
        if (isSelf && user.name !== request.commonName) continue;
        const right = { verb: 'create', group: REQUESTS.group, resource: REQUESTS.plural, subresource };
        if (!authorize(context, user, { ...right, namespace: '', name: '' }).allowed) continue;
        client.update(withCondition(object, client, { type: 'Approved', reason: 'AutoApproved', message }), 'approval');
        return;
      }
    },
  };
}

const HOUR_MS = 3_600_000;
const PENDING_MS = 24 * HOUR_MS;

/**
 * Returns the time at which a request is removed, in milliseconds since the epoch, or `undefined` for a request that is
 * kept.
 */
function endOf(object: KubeObject): number | undefined {
  const certificate = certificateOf(object);
  const conditions = objectsAt(object.status, 'conditions');
  const ends: number[] = [];
  if (conditions.length === 0) ends.push(Date.parse(object.metadata.creationTimestamp ?? '') + PENDING_MS);
  for (const condition of conditions) {
    const type = textAt(condition, 'type');
    const isOver = type === 'Denied' || type === 'Failed' || (type === 'Approved' && certificate !== '');
    if (isOver) ends.push(Date.parse(textAt(condition, 'lastUpdateTime')) + HOUR_MS);
    if (type === 'Approved' && certificate !== '') ends.push(expiryOf(certificate));
  }
  const known = ends.filter((end) => !Number.isNaN(end));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Returns the expiration of a certificate. The API has already validated the certificate. */
function expiryOf(certificate: string): number {
  const { X509Certificate } = cryptoLibrary();
  return Date.parse(new X509Certificate(Buffer.from(certificate, 'base64')).validTo);
}

/**
 * Removes a request one hour after its denial or failure. Removes a request with a certificate one hour after the
 * approval, or at the expiration of the certificate if that is earlier. Removes a request without a decision after one
 * day.
 */
export const requestCleaner: SimulatedController = {
  name: 'certificatesigningrequest-cleaner-controller',
  target: targetIn(REQUESTS),
  keysOf: changedRequests,
  reconcile(name, client) {
    const object = client.get(REQUESTS, '', name);
    const end = object === undefined ? undefined : endOf(object);
    if (object === undefined || end === undefined) return undefined;
    if (end > client.now()) return end - client.now();
    client.remove(object);
    return undefined;
  },
};
