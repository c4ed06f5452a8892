import type { KeyObject } from 'node:crypto';
import { cryptoLibrary } from '@typekro/kit/core';
import { derChildren, readDer } from './der.ts';

/** The content of a certificate. */
export interface CertificateContent {
  /** The name as DER, as returned by `distinguishedName`. */
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  /** The private key of the issuer. */
  readonly signingKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** 1 to 20 bytes, of which the first is between 0x01 and 0x7f. Default: random. */
  readonly serialNumber?: Buffer;
  readonly extensions: readonly Buffer[];
}

/**
 * A signature algorithm: the DER of its identifier, and the digest for node:crypto (`null` when the algorithm
 * determines the digest).
 */
interface SignatureAlgorithm {
  readonly identifier: Buffer;
  readonly digest: string | null;
}

/** The identifier and the digest of the signatures of each curve, by the curve's name in node:crypto. */
const EC_SIGNATURES: ReadonlyMap<string | undefined, readonly [identifier: string, digest: string]> = new Map([
  ['prime256v1', ['1.2.840.10045.4.3.2', 'sha256']],
  ['secp384r1', ['1.2.840.10045.4.3.3', 'sha384']],
  ['secp521r1', ['1.2.840.10045.4.3.4', 'sha512']],
]);

const NULL = der(0x05);

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureAlgorithm {
  if (asymmetricKeyType === 'rsa') {
    return { identifier: sequence(objectIdentifier('1.2.840.113549.1.1.11'), NULL), digest: 'sha256' };
  }
  if (asymmetricKeyType === 'ed25519') return { identifier: sequence(objectIdentifier('1.3.101.112')), digest: null };
  const found = asymmetricKeyType === 'ec' ? EC_SIGNATURES.get(asymmetricKeyDetails?.namedCurve) : undefined;
  if (found === undefined) throw new Error(`no certificates are signed with a key of type ${asymmetricKeyType}`);
  return { identifier: sequence(objectIdentifier(found[0])), digest: found[1] };
}

/** Encodes a string as a DER UTF8String. */
const utf8 = (text: string) => der(0x0c, Buffer.from(text));

/** Encodes a distinguished name from organizations and a common name. The name is empty if both are absent. */
export const distinguishedName = (commonName: string, organizations: readonly string[] = []): Buffer =>
  sequence(
    ...[...organizations.map((value) => ['2.5.4.10', value] as const), ['2.5.4.3', commonName] as const]
      .filter(([, value]) => value !== '')
      .map(([attribute, value]) => der(0x31, sequence(objectIdentifier(attribute), utf8(value)))),
  );

function randomSerialNumber(): Buffer {
  const bytes = cryptoLibrary().randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** Creates a certificate, as PEM. */
export function signCertificate(content: CertificateContent): string {
  const { identifier, digest } = algorithmOf(content.signingKey);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, content.serialNumber ?? randomSerialNumber()),
    identifier,
    content.issuer,
    sequence(derTime(content.notBefore), derTime(content.notAfter)),
    content.subject,
    content.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...content.extensions)),
  );
  const signature = cryptoLibrary().sign(digest, body, content.signingKey);
  return pemText('CERTIFICATE', sequence(body, identifier, der(0x03, Buffer.from([0]), signature)));
}

/** Returns the name of a certificate's subject, as DER. Throws DerError for a malformed certificate. */
export function subjectOf(certificate: Buffer): Buffer {
  const [body] = derChildren(readDer(certificate)[0], 0x30);
  const [version, ...members] = derChildren(body, 0x30);
  // The members are the version (optional), the serial number, the algorithm, the issuer, the validity and the subject.
  const subject = (version?.tag === 0xa0 ? members : [version, ...members])[4];
  return sequence(...derChildren(subject, 0x30).map(({ bytes }) => bytes));
}

/** Creates a certificate request (PKCS #10) with the requested extensions, as PEM. */
export function signRequest(subject: Buffer, key: KeyObject, extensions: readonly Buffer[]): string {
  const { identifier, digest } = algorithmOf(key);
  const attribute = sequence(objectIdentifier('1.2.840.113549.1.9.14'), der(0x31, sequence(...extensions)));
  const information = sequence(
    der(0x02, Buffer.from([0])),
    subject,
    cryptoLibrary().createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa0, attribute),
  );
  const signature = cryptoLibrary().sign(digest, information, key);
  return pemText('CERTIFICATE REQUEST', sequence(information, identifier, der(0x03, Buffer.from([0]), signature)));
}

/** Converts DER to PEM. */
export function pemText(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectIdentifier(oid), ...flag, der(0x04, value));
}

/** The extension that says whether the certificate belongs to an authority. */
export const basicConstraints = (isAuthority: boolean): Buffer =>
  extension('2.5.29.19', true, sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : [])));

/**
 * The extension with the uses of a key. `bits` are the X.509 bit numbers: 0 is `digitalSignature`, 2 is
 * `keyEncipherment`, 5 is `keyCertSign`.
 */
export function keyUsage(bits: readonly number[]): Buffer {
  let value = 0;
  for (const bit of bits) value |= 0x80 >>> bit;
  return extension('2.5.29.15', true, der(0x03, Buffer.from([7 - Math.max(0, ...bits), value])));
}

/** The extension with the purposes of a certificate. `purposes` are object identifiers in dotted form. */
export const extendedKeyUsage = (purposes: readonly string[]): Buffer =>
  extension('2.5.29.37', false, sequence(...purposes.map(objectIdentifier)));

/** The names for which a certificate is valid. `addresses` are IP addresses as 4 or 16 bytes. */
export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly addresses?: readonly Uint8Array[];
  readonly uris?: readonly string[];
  readonly emails?: readonly string[];
}

/** The extension with the names for which a certificate is valid. */
export function subjectAlternatives({ dns = [], addresses = [], uris = [], emails = [] }: AlternativeNames): Buffer {
  const names = [
    ...dns.map((name) => der(0x82, Buffer.from(name))),
    ...addresses.map((bytes) => der(0x87, bytes)),
    ...uris.map((uri) => der(0x86, Buffer.from(uri))),
    ...emails.map((email) => der(0x81, Buffer.from(email))),
  ];
  return alternativesFromDer(sequence(...names));
}

/** Like `subjectAlternatives`, for names that are already DER, as in a certificate request. */
export const alternativesFromDer = (names: Buffer): Buffer => extension('2.5.29.17', false, names);

/** Encodes a DER element: tag, length, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), content]);
}

/** Encodes a sequence of elements. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);

/** Encodes an object identifier from its dotted form. */
export function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let value = part >>> 7; value > 0; value >>>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** Encodes a time, given in milliseconds since the epoch. Years from 2050 require the long form. */
export function derTime(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  return digits >= '2050' ? der(0x18, Buffer.from(`${digits}Z`)) : der(0x17, Buffer.from(`${digits.slice(2)}Z`));
}
