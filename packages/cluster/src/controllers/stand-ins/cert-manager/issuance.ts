import { createHash } from 'node:crypto';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { asTexts, numberAt, objectAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInResult, StandInView } from '../../../stand-in.ts';
import { GROUP, issuerReference, secretText } from './issuers.ts';
import { issuedChain, PRIVATE_KEY_SECRET } from './requests.ts';
import { certificateRequestOf, newPrivateKey } from './signing.ts';

/** The number of times that a certificate was issued. */
export const certificateRevision = ({ status }: KubeObject): number => numberAt(status, 'revision') ?? 0;

/** The name of the CertificateRequest for a certificate's next revision. */
export function requestName(certificate: KubeObject): ObjectRef {
  const { namespace = '', name = '' } = certificate.metadata;
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'CertificateRequest',
    namespace,
    name: `${name}-${certificateRevision(certificate) + 1}`,
  };
}

/** A new request for a certificate, and the temporary Secret with its key. */
export function newRequest(
  certificate: KubeObject,
  view: StandInView,
): StandInResult & { readonly privateKeySecret: string } {
  const { namespace = '', name = '', uid = '' } = certificate.metadata;
  const revision = certificateRevision(certificate) + 1;
  const suffix = createHash('sha256').update(`${uid} ${revision}`).digest('hex').slice(0, 5);
  const privateKeySecret = `${name}-${suffix}`;
  const key = keptKey(certificate, view) ?? newPrivateKey(certificate);
  const { spec = {} } = certificate;
  const request = requestName(certificate);
  return {
    privateKeySecret,
    owned: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: privateKeySecret, namespace, labels: { 'cert-manager.io/next-private-key': 'true' } },
        type: 'Opaque',
        data: { 'tls.key': Buffer.from(key).toString('base64') },
      },
      {
        apiVersion: request.apiVersion,
        kind: request.kind,
        metadata: {
          name: request.name,
          namespace,
          annotations: {
            'cert-manager.io/certificate-name': name,
            'cert-manager.io/certificate-revision': String(revision),
            [PRIVATE_KEY_SECRET]: privateKeySecret,
          },
        },
        spec: {
          issuerRef: { ...issuerReference(certificate) },
          request: Buffer.from(certificateRequestOf(certificate, key)).toString('base64'),
          ...(spec['duration'] === undefined ? {} : { duration: spec['duration'] }),
          ...(spec['isCA'] === undefined ? {} : { isCA: spec['isCA'] }),
          ...(spec['usages'] === undefined ? {} : { usages: spec['usages'] }),
        },
      },
    ],
    events: [
      { reason: 'Generated', message: `Stored new private key in temporary Secret resource "${privateKeySecret}"` },
      { reason: 'Requested', message: `Created new CertificateRequest resource "${request.name}"` },
    ],
  };
}

/**
 * The key that all revisions of a certificate share; `undefined` for the first revision, or if each revision has a new
 * key.
 */
function keptKey(certificate: KubeObject, view: StandInView): string | undefined {
  if (textAt(certificate, 'spec', 'privateKey', 'rotationPolicy') !== 'Never') return undefined;
  const { namespace = '' } = certificate.metadata;
  const name = textAt(certificate, 'spec', 'secretName');
  return secretText(view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }), 'tls.key') || undefined;
}

/**
 * Stores a signed certificate in its Secret, and removes the temporary Secret. Without the temporary Secret, only
 * removes the request.
 */
export function issueFrom(certificate: KubeObject, request: KubeObject, view: StandInView): StandInResult {
  const { namespace = '', name = '' } = certificate.metadata;
  const temporary = request.metadata.annotations?.[PRIVATE_KEY_SECRET] ?? '';
  const keySecret = view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: temporary });
  const { nextPrivateKeySecretName: _secret, failedIssuanceAttempts: _attempts, ...status } = certificate.status ?? {};
  if (keySecret === undefined) return { removed: [requestName(certificate)], status };
  const issuer = issuerReference(certificate);
  const of = (member: string) => asTexts(certificate.spec?.[member]).join(',');
  const template = objectAt(certificate.spec, 'secretTemplate');
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: textAt(certificate, 'spec', 'secretName'),
      namespace,
      labels: { ...objectAt(template, 'labels'), 'controller.cert-manager.io/fao': 'true' },
      annotations: {
        ...objectAt(template, 'annotations'),
        'cert-manager.io/alt-names': of('dnsNames'),
        'cert-manager.io/certificate-name': name,
        'cert-manager.io/common-name': textAt(certificate, 'spec', 'commonName'),
        'cert-manager.io/ip-sans': of('ipAddresses'),
        'cert-manager.io/issuer-group': issuer.group,
        'cert-manager.io/issuer-kind': issuer.kind,
        'cert-manager.io/issuer-name': issuer.name,
        'cert-manager.io/uri-sans': of('uris'),
      },
    },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': encode(issuedChain(request)),
      'tls.key': encode(secretText(keySecret, 'tls.key')),
      'ca.crt': textAt(request.status, 'ca'),
    },
  } as unknown as KubeObject;
  return {
    objects: [secret],
    removed: [{ apiVersion: 'v1', kind: 'Secret', namespace, name: temporary }],
    status: { ...status, revision: certificateRevision(certificate) + 1 },
  };
}
