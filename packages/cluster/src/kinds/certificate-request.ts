import type { KeyObject } from 'node:crypto';
import { cryptoLibrary } from '@typekro/kit/core';
import { goPemBlocks } from '@typekro/kit/golang';
import { type DerElement, derChildren, DerError, identifierOf, readDer } from '@typekro/kube/certificates';

/** A certificate signing request (PKCS #10) with a valid signature. */
export interface CertificateRequest {
  /** The subject name, in DER. */
  readonly subject: Buffer;
  /** The public key, in DER (SubjectPublicKeyInfo). */
  readonly publicKey: Buffer;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The subject alternative names, in DER; `undefined` when the request has no alternative names. */
  readonly alternativeNames: Buffer | undefined;
  /** The number of alternative names of each kind. */
  readonly counts: Readonly<Record<AlternativeName, number>>;
}

/** The kinds of alternative names that signers check. */
export type AlternativeName = 'dns' | 'email' | 'ip' | 'uri';

const SEQUENCE = 0x30;
const SET = 0x31;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const ATTRIBUTES = 0xa0;

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAMES = '2.5.29.17';
const NAME_TAGS = new Map<number, AlternativeName>([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
  [0x87, 'ip'],
]);

/** A kind of key: its name in Node, the name and the Go type that errors print, and the error for a wrong signature. */
interface KeyKind {
  readonly type: string;
  readonly name: string;
  readonly goType: string;
  readonly failure: string;
}

const RSA: KeyKind = { type: 'rsa', name: 'RSA', goType: '*rsa.PublicKey', failure: 'crypto/rsa: verification error' };
const ECDSA: KeyKind = {
  type: 'ec',
  name: 'ECDSA',
  goType: '*ecdsa.PublicKey',
  failure: 'x509: ECDSA verification failure',
};
const ED25519: KeyKind = {
  type: 'ed25519',
  name: 'Ed25519',
  goType: 'ed25519.PublicKey',
  failure: 'x509: Ed25519 verification failure',
};

/**
 * Maps the object identifier of a signature algorithm to its digest and its kind of key. Ed25519 has no separate
 * digest.
 */
const ALGORITHMS = new Map<string, readonly [digest: string | null, key: KeyKind]>([
  ['1.2.840.113549.1.1.5', ['sha1', RSA]],
  ['1.2.840.113549.1.1.11', ['sha256', RSA]],
  ['1.2.840.113549.1.1.12', ['sha384', RSA]],
  ['1.2.840.113549.1.1.13', ['sha512', RSA]],
  ['1.2.840.10045.4.1', ['sha1', ECDSA]],
  ['1.2.840.10045.4.3.2', ['sha256', ECDSA]],
  ['1.2.840.10045.4.3.3', ['sha384', ECDSA]],
  ['1.2.840.10045.4.3.4', ['sha512', ECDSA]],
  ['1.3.101.112', [null, ED25519]],
]);
const UNIMPLEMENTED = 'x509: cannot verify signature: algorithm unimplemented';

/** The error for a string that is not a certificate signing request, and for a request with a wrong signature. */
export class CertificateRequestError extends Error {}

/** Parses a request in PEM format and checks its signature. Throws CertificateRequestError. */
export function readCertificateRequest(pem: string): CertificateRequest {
  const [block] = goPemBlocks(pem).blocks;
  if (block?.type !== 'CERTIFICATE REQUEST')
    throw new CertificateRequestError('PEM block type must be CERTIFICATE REQUEST');
  try {
    return readRequest(block.bytes);
  } catch (thrown) {
    if (thrown instanceof DerError) throw new CertificateRequestError(thrown.message, { cause: thrown });
    throw thrown;
  }
}

function readRequest(der: Buffer): CertificateRequest {
  const [outer, ...trailing] = readDer(der);
  if (trailing.length > 0) throw new DerError('asn1: syntax error: trailing data');
  const [information, algorithm, signature] = derChildren(outer, SEQUENCE);
  const [, subject, publicKey, attributes] = derChildren(information, SEQUENCE);
  if (subject === undefined || publicKey === undefined) throw new DerError('asn1: syntax error: sequence truncated');
  checkSignature(
    information?.bytes ?? Buffer.alloc(0),
    identifierOf(derChildren(algorithm, SEQUENCE)[0]),
    signature,
    publicKey,
  );
  const names = derChildren(subject, SEQUENCE).flatMap((part) =>
    derChildren(part, SET).map((pair) => derChildren(pair, SEQUENCE)),
  );
  const textsOf = (type: string) =>
    names.filter(([name]) => identifierOf(name) === type).map(([, value]) => value?.content.toString('utf8') ?? '');
  const alternativeNames = alternativesOf(attributes);
  const counts = { dns: 0, email: 0, ip: 0, uri: 0 };
  for (const { tag } of alternativeNames === undefined ? [] : derChildren(readDer(alternativeNames)[0], SEQUENCE)) {
    const kind = NAME_TAGS.get(tag);
    if (kind !== undefined) counts[kind] += 1;
  }
  return {
    subject: subject.bytes,
    publicKey: publicKey.bytes,
    commonName: textsOf(COMMON_NAME).at(-1) ?? '',
    organizations: textsOf(ORGANIZATION),
    alternativeNames,
    counts,
  };
}

/** The subject alternative names in the attributes of a request, in DER. */
function alternativesOf(attributes: DerElement | undefined): Buffer | undefined {
  if (attributes?.tag !== ATTRIBUTES) return undefined;
  for (const attribute of readDer(attributes.content)) {
    const [type, values] = derChildren(attribute, SEQUENCE);
    if (identifierOf(type) !== EXTENSION_REQUEST) continue;
    for (const extension of derChildren(derChildren(values, SET)[0], SEQUENCE)) {
      const members = derChildren(extension, SEQUENCE);
      const value = members.at(-1);
      if (identifierOf(members[0]) === ALTERNATIVE_NAMES && value?.tag === OCTET_STRING) return value.content;
    }
  }
  return undefined;
}

function checkSignature(signed: Buffer, algorithm: string, signature: DerElement | undefined, publicKey: DerElement) {
  const known = ALGORITHMS.get(algorithm);
  if (known === undefined) throw new DerError(UNIMPLEMENTED);
  // The first byte of a bit string is the number of unused bits, so it is skipped.
  if (signature?.tag !== BIT_STRING) throw new DerError("asn1: structure error: tags don't match");
  const [digest, expected] = known;
  const key = keyOf(publicKey.bytes);
  const kind = [RSA, ECDSA, ED25519].find(({ type }) => type === key.asymmetricKeyType);
  if (kind === undefined) throw new DerError(UNIMPLEMENTED);
  if (kind !== expected) {
    const text = `x509: signature algorithm specifies an ${expected.name} public key, but have public key of type ${kind.goType}`;
    throw new DerError(text);
  }
  if (!cryptoLibrary().verify(digest, signed, key, signature.content.subarray(1))) throw new DerError(kind.failure);
}

function keyOf(publicKey: Buffer): KeyObject {
  try {
    return cryptoLibrary().createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  } catch (thrown) {
    throw new DerError('x509: unsupported public key', { cause: thrown });
  }
}
