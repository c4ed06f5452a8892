import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { Fingerprint } from '@typekro/engine/runtime';
import { CrdSchema } from '@typekro/engine/schema';

/** The Service that answers conversions: the webhook of every CRD with several versions. */
export interface ConversionAddress {
  readonly namespace: string;
  readonly name: string;
  /** The port of the Service. */
  readonly port: number;
  /** The certificates that the API server trusts, in PEM format; `undefined` for those that it trusts anyway. */
  readonly caBundle: () => string | undefined;
  /** Registers a function that is called after each change of `caBundle`. Absent when it never changes. */
  readonly onChange?: (listener: () => void) => void;
}

const PREFIX = '/convert/';

/** `spec.conversion` of a CRD. Its path names the CRD and its conversions, so that a change of them changes the path. */
export function conversionOf(crd: KubeObject, { namespace, name, port, caBundle }: ConversionAddress): JsonObject {
  const pem = caBundle();
  return {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: {
        service: { namespace, name, port, path: `${PREFIX}${crd.metadata.name ?? ''}/${conversionsDigest(crd)}` },
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
