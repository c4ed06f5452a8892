import type { JsonObject } from '@typekro/kit/core';
import { type CertificatePair, certificateEnd, selfSignedCertificate } from '../certificate-library.ts';
import { textAt } from '@typekro/kit/kubernetes';

const DAY_MS = 24 * 3600 * 1000;
/** The validity of a certificate. */
const VALID_MS = 365 * DAY_MS;
/** How long before the end of the present certificate the next one is made, and how long before it is served. */
const MADE_BEFORE_MS = 60 * DAY_MS;
const SERVED_BEFORE_MS = 30 * DAY_MS;

/**
 * The certificates of the conversion server. Each is its own authority. API servers trust the next one a month before it
 * is served, so a change of the certificate breaks no request.
 */
export interface ServingCertificates {
  readonly current: CertificatePair;
  readonly next?: CertificatePair;
}

/** The certificates that should exist now: the given ones unless one is missing, due or expired. */
export function dueCertificates(
  known: Partial<ServingCertificates>,
  names: readonly string[],
  now: number,
): ServingCertificates {
  const make = () => selfSignedCertificate(names, now, now + VALID_MS);
  const isAlive = (pair: CertificatePair | undefined) => pair !== undefined && certificateEnd(pair, names) > now;
  const next = isAlive(known.next) ? known.next : undefined;
  const current = isAlive(known.current) ? known.current : undefined;
  if (current === undefined) return { current: next ?? make() };
  const left = certificateEnd(current, names) - now;
  if (next !== undefined && left < SERVED_BEFORE_MS) return { current: next };
  return left < MADE_BEFORE_MS ? { current, next: next ?? make() } : { current };
}

/** The certificates that API servers should trust, in PEM format. */
export const trustedCertificates = ({ current, next }: ServingCertificates): string =>
  [current, next].map((pair) => pair?.cert ?? '').join('');

const encode = (text: string): string => Buffer.from(text).toString('base64');

/** The data of the Secret that has the certificates. */
export const secretData = ({ current, next }: ServingCertificates): JsonObject => ({
  'tls.crt': encode(current.cert),
  'tls.key': encode(current.key),
  ...(next === undefined ? {} : { 'next.crt': encode(next.cert), 'next.key': encode(next.key) }),
});

/** The certificates in the data of a Secret. A pair that is missing or incomplete is left out. */
export function readSecretData(data: JsonObject): Partial<ServingCertificates> {
  const decode = (key: string) => Buffer.from(textAt(data, key), 'base64').toString();
  const pairOf = (name: string): CertificatePair | undefined => {
    const [cert, key] = [decode(`${name}.crt`), decode(`${name}.key`)];
    return cert === '' || key === '' ? undefined : { cert, key };
  };
  const [current, next] = [pairOf('tls'), pairOf('next')];
  return { ...(current === undefined ? {} : { current }), ...(next === undefined ? {} : { next }) };
}
