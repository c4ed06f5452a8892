import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { Fingerprint } from '@typekro/engine/runtime';
import { CrdSchema } from '@typekro/engine/schema';

/** The Service that answers conversions: the webhook of every CRD with several versions. Its port is 443. */
export interface ConversionService {
  readonly namespace: string;
  readonly name: string;
  /** Where API servers reach a controller outside of the cluster, in place of the Service: `https://host:port`. */
  readonly url?: string;
}

/** The Service with the certificates of its replicas. */
export interface ConversionAddress extends ConversionService {
  /** The certificates that the API server trusts, in PEM format. Absent for those that it trusts anyway. */
  readonly caBundle?: () => string;
  /** Registers a function that is called after each change of `caBundle`. Absent when it never changes. */
  readonly onChange?: (listener: () => void) => void;
}

/** The Service with the name `namespace/name`. */
export function conversionService(text: string): ConversionService {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}

const PREFIX = '/convert/';

/** `spec.conversion` of a CRD. Its path names the CRD and its conversions, so that a change of them changes the path. */
export function conversionOf(crd: KubeObject, { namespace, name, url, caBundle }: ConversionAddress): JsonObject {
  const path = `${PREFIX}${crd.metadata.name ?? ''}/${conversionsDigest(crd)}`;
  const pem = caBundle?.();
  return {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: {
        ...(url === undefined ? { service: { namespace, name, port: 443, path } } : { url: `${url}${path}` }),
        ...definedMembers({ caBundle: pem === undefined ? undefined : Buffer.from(pem).toString('base64') }),
      },
    },
  };
}

/**
 * A digest of the conversions of a CRD, and of the schemas between which they convert. It is hexadecimal, because an API
 * server accepts only lowercase letters, digits and dashes in the path of a webhook.
 */
export function conversionsDigest(crd: KubeObject): string {
  const schemas = CrdSchema.versions(crd).map((version) => CrdSchema.ofVersion(version) ?? null);
  const digest = Fingerprint.of([crd.metadata.annotations?.[Conversion.ANNOTATION] ?? '', ...schemas]);
  return Buffer.from(digest, 'base64url').toString('hex');
}

/** The name of the CRD and the digest in the path of a review; `undefined` for any other path. */
export function readConversionPath(path: string): { readonly crd: string; readonly digest: string } | undefined {
  const [crd, digest, ...rest] = path.startsWith(PREFIX) ? path.slice(PREFIX.length).split('/') : [];
  return crd === undefined || digest === undefined || rest.length > 0 ? undefined : { crd, digest };
}
