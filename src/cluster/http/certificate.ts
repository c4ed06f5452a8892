import type { KeyObject } from 'node:crypto';
import { cryptoLibrary } from '../../core/index.ts';

/** A certificate and its key, both PEM texts. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of one cluster. */
export interface Authority {
  /** The authority's own certificate, PEM text. */
  readonly ca: string;
  /** Makes a key and a server certificate for names and IPv4 addresses. */
  issue(names: readonly string[], addresses: readonly string[]): CertificatePair;
  /** Makes a key and a client certificate: the common name is the user, the organizations are the groups. */
  issueClient(user: string, groups: readonly string[]): CertificatePair;
}

/** One DER element: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);

function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let value = part >>> 7; value > 0; value >>>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

function serialNumber(): Buffer {
  const bytes = cryptoLibrary().randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return der(0x02, bytes);
}

/** A distinguished name of organizations and a common name. */
const distinguishedName = (commonName: string, organizations: readonly string[] = []) =>
  sequence(
    ...[...organizations.map((value) => ['2.5.4.10', value] as const), ['2.5.4.3', commonName] as const].map(
      ([attribute, value]) => der(0x31, sequence(objectIdentifier(attribute), der(0x0c, Buffer.from(value)))),
    ),
  );

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${text}Z`));
}

function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectIdentifier(oid), ...flag, der(0x04, value));
}

interface CertificateInit {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly now: number;
  readonly extensions: readonly Buffer[];
}

const YEAR_MS = 365 * 24 * 3600 * 1000;

function certificate(init: CertificateInit): string {
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    serialNumber(),
    ECDSA_WITH_SHA256,
    init.issuer,
    sequence(time(init.now - YEAR_MS), time(init.now + 9 * YEAR_MS)),
    init.subject,
    init.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...init.extensions)),
  );
  const signature = cryptoLibrary().createSign('sha256').update(body).sign(init.signingKey);
  const bytes = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/**
 * Makes an authority. Its certificates are valid from one year before `now` (milliseconds since the epoch) to nine
 * years after it.
 */
export function createAuthority(now: number): Authority {
  const { publicKey, privateKey } = cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = distinguishedName('typekro-ca');
  const ca = certificate({
    subject: issuer,
    issuer,
    publicKey,
    signingKey: privateKey,
    now,
    extensions: [
      extension('2.5.29.19', true, sequence(der(0x01, Buffer.from([0xff])))),
      extension('2.5.29.15', true, der(0x03, Buffer.from([2, 0b0000_0100]))),
    ],
  });
  /** Makes a key and its certificate for one purpose (the identifier of an extended key usage). */
  const issuePair = (subject: Buffer, purpose: string, extensions: readonly Buffer[]): CertificatePair => {
    const pair = cryptoLibrary().generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = certificate({
      subject,
      issuer,
      publicKey: pair.publicKey,
      signingKey: privateKey,
      now,
      extensions: [
        ...extensions,
        extension('2.5.29.15', true, der(0x03, Buffer.from([7, 0b1000_0000]))),
        extension('2.5.29.37', false, sequence(objectIdentifier(purpose))),
      ],
    });
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return {
    ca,
    issue(names, addresses) {
      const alternatives = [
        ...names.map((name) => der(0x82, Buffer.from(name))),
        ...addresses
          .filter((address) => /^\d+(\.\d+){3}$/.test(address))
          .map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
      ];
      const subjectAlternatives = extension('2.5.29.17', false, sequence(...alternatives));
      return issuePair(distinguishedName('typekro-apiserver'), '1.3.6.1.5.5.7.3.1', [subjectAlternatives]);
    },
    issueClient: (user, groups) => issuePair(distinguishedName(user, groups), '1.3.6.1.5.5.7.3.2', []),
  };
}
