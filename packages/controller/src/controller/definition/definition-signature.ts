import type { KeyObject } from 'node:crypto';
import { type KubeObject, canonicalJson, cryptoLibrary, setOwn } from '@typekro/kit/core';
import { asObject } from '@typekro/kit/kubernetes';
import { SERVER_DEFAULTS } from './definition-object.ts';

/** The annotation with the signature of a definition: Base64 of ECDSA P-256 with SHA-256, as DER. */
export const SIGNATURE_ANNOTATION = 'package.typekro.dev/signature';

const CURVE = 'prime256v1';

/**
 * The bytes of a definition that its publisher signs: its name and its spec. They are equal in a file and in a cluster.
 * Annotations do not count, because they are the policies of the cluster.
 */
export function signedBytes({ kind, metadata: { name = '' }, spec }: KubeObject): Buffer {
  const schema = { ...asObject(asObject(spec)['schema']) };
  for (const [field, value] of Object.entries(SERVER_DEFAULTS)) setOwn(schema, field, schema[field] ?? value);
  return Buffer.from(canonicalJson({ kind, name, spec: { ...spec, schema } }));
}

/**
 * Reads a public key from the text between the lines of a PEM file.
 *
 * @returns why it is none, as the end of a sentence that begins with the key
 */
export function readPublisherKey(text: string): KeyObject | string {
  // Node skips what is no Base64, such as another key after a semicolon.
  if (Buffer.from(text, 'base64').toString('base64') !== text) return NO_KEY;
  try {
    const key = cryptoLibrary().createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === CURVE ? key : 'is not a key for ECDSA P-256';
  } catch {
    return NO_KEY;
  }
}

const NO_KEY = 'is not the Base64 of a public key, as the lines between BEGIN and END of cosign.pub are';

/** The annotation of a definition with its signature; empty for an unsigned one. */
export function signatureOf({ metadata: { annotations = {} } }: KubeObject): Record<string, string> {
  const text = Object.hasOwn(annotations, SIGNATURE_ANNOTATION) ? annotations[SIGNATURE_ANNOTATION] : undefined;
  return text === undefined || text === '' ? {} : { [SIGNATURE_ANNOTATION]: text };
}

/**
 * Why a controller with these keys does not serve a definition; `undefined` if it does. Without keys, it serves any.
 *
 * @param keys the texts of `readPublisherKey`
 */
export function signatureProblem(definition: KubeObject, keys: readonly string[] = []): string | undefined {
  if (keys.length === 0) return undefined;
  const { [SIGNATURE_ANNOTATION]: text } = signatureOf(definition);
  if (text === undefined) return `the definition has no signature, and the controller serves only signed ones`;
  const bytes = signedBytes(definition);
  const isSigned = keys.some((each) => {
    const key = readPublisherKey(each);
    return typeof key !== 'string' && cryptoLibrary().verify('sha256', bytes, key, Buffer.from(text, 'base64'));
  });
  return isSigned
    ? undefined
    : 'the signature of the definition is not of a key that the controller accepts, or the definition was changed after it';
}
