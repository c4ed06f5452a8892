import { cryptoLibrary, type JsonValue } from '@typekro/kit/core';
import { asObject, asObjects, objectAt, textAt } from '@typekro/kit/kubernetes';
import { json, jsonOf } from './image-manifest.ts';
import type { OciReference } from './reference.ts';
import type { PublicKey, SigningKey } from './signing-key.ts';

/** A signature as a registry has it. Neither it nor its claim is verified. */
export interface FoundSignature {
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signed bytes say. */
  readonly claim: Claim;
}

/** What a signature says about a package. */
interface Claim {
  /** The digests of what is signed. */
  readonly digests: readonly string[];
  /** The place of the package, such as `registry.example.com/platform/shop:1.0.0`. Bundles have none. */
  readonly identity?: string;
}

const PAYLOAD_TYPE = 'cosign container image signature';
const STATEMENT = 'application/vnd.in-toto+json';
/** A statement of another kind is about a package, too, but does not approve of it: it can be a report of its flaws. */
const SIGNED_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
const BASE64 = /^[A-Za-z\d+/]+={0,2}$/;
/** The bytes of a DER signature are fewer. */
const MAX_SIGNATURE_LENGTH = 1024;

/** The payload that says that a key approves of a digest at a tag. */
export function approvalPayload({ registry, repository, tag }: OciReference, digest: string): Buffer {
  const identity = `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}`;
  return json({
    critical: {
      identity: { 'docker-reference': identity },
      image: { 'docker-manifest-digest': digest },
      type: PAYLOAD_TYPE,
    },
    optional: null,
  });
}

/**
 * Returns a function that signs bytes with ECDSA and SHA-256. The result is Base64 of DER. Equal bytes have equal
 * signatures (RFC 6979), so that a signed package is pushed with an equal digest, too.
 */
export async function signerOf({ privateKey }: SigningKey): Promise<(bytes: Uint8Array) => string> {
  // Almost no command needs the library, and Node's own signatures have random parts.
  const { p256 } = await import('./key-library.ts');
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  return (bytes) => Buffer.from(p256.sign(bytes, secret, { format: 'der' })).toString('base64');
}

/** Reads a payload and its signature, or returns why it is none. */
export function readPayload(bytes: Uint8Array, signature: string | undefined): FoundSignature | string {
  const given = base64(signature, MAX_SIGNATURE_LENGTH);
  if (given === undefined) return 'it has no signature in Base64';
  const critical = objectAt(asObject(jsonOf(bytes)), 'critical');
  const { 'docker-reference': identity } = objectAt(critical, 'identity');
  const { 'docker-manifest-digest': digest } = objectAt(critical, 'image');
  if (critical['type'] !== PAYLOAD_TYPE || typeof digest !== 'string' || typeof identity !== 'string')
    return `its payload is no "${PAYLOAD_TYPE}"`;
  return { signed: bytes, signature: given, claim: { digests: [digest], identity } };
}

/** Reads a bundle of Sigstore with a signed statement (DSSE, in-toto), or returns why it is none. */
export function readBundle(bytes: Uint8Array): FoundSignature | string {
  const { payload, payloadType, signatures } = objectAt(asObject(jsonOf(bytes)), 'dsseEnvelope');
  const content = base64(payload, bytes.length);
  const [first, ...others] = asObjects(signatures);
  const given = base64(first?.['sig'], MAX_SIGNATURE_LENGTH);
  if (payloadType !== STATEMENT || content === undefined || given === undefined || others.length > 0)
    return 'its bundle has no statement with one signature';
  const { predicateType, subject } = asObject(jsonOf(content));
  if (predicateType !== SIGNED_PREDICATE) return `its statement is not of the type ${SIGNED_PREDICATE}`;
  const digests = asObjects(subject).map((each) => `sha256:${textAt(each, 'digest', 'sha256')}`);
  // The encoding before authentication of DSSE.
  const head = Buffer.from(`DSSEv1 ${STATEMENT.length} ${STATEMENT} ${content.length} `);
  return { signed: Buffer.concat([head, content]), signature: given, claim: { digests } };
}

/**
 * Verifies a signature and what it says. Returns its key, or why it does not count.
 *
 * @param reference of the package, as the user wrote it
 */
export function verifySignature(
  { signed, signature, claim }: FoundSignature,
  { repository, tag }: OciReference,
  digest: string,
  keys: readonly PublicKey[],
): PublicKey | string {
  const by = keys.find(({ key }) => cryptoLibrary().verify('sha256', signed, key, signature));
  if (by === undefined) return `it is not of the key ${keys.map(({ name }) => name).join(' or ')}`;
  if (!claim.digests.includes(digest)) return `it is for ${JSON.stringify(claim.digests.join(', '))}`;
  return claim.identity === undefined || isPlace(claim.identity, repository, tag)
    ? by
    : `it is for ${JSON.stringify(claim.identity)}`;
}

/**
 * Is the identity in a signature the place of a package? The host does not count, and the repository can have more
 * parts before: a mirror has another host, and often a prefix. A tag must be the same, so that nobody can let the tag
 * of a new version name an old package.
 */
function isPlace(identity: string, repository: string, tag: string | undefined): boolean {
  const [, signed = '', signedTag] = /^[^/]+\/([^:@]+)(?::([^@]+))?(?:@.*)?$/.exec(identity) ?? [];
  if (signed === '' || (repository !== signed && !repository.endsWith(`/${signed}`))) return false;
  return signedTag === undefined || tag === undefined || signedTag === tag;
}

function base64(value: JsonValue | undefined, maxLength: number): Buffer | undefined {
  return typeof value === 'string' && value.length <= maxLength && BASE64.test(value)
    ? Buffer.from(value, 'base64')
    : undefined;
}
