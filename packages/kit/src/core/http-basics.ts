import type { ClientRequest } from 'node:http';
import { cryptoLibrary } from './libraries.ts';

/** An address of `127.0.0.0/8`. */
const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** Makes a request of Node's `http` or `https` keep all headers of its response. By default Node keeps 2,000. */
export function keepAllHeaders(request: ClientRequest): void {
  request.maxHeadersCount = 0;
}

/**
 * Can only this machine reach the host? True for `localhost`, an address of `127.0.0.0/8`, and `::1`, with or without
 * the brackets of a URL. Upper case counts as lower case. False for any other name, because the name can have any
 * address.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || IPV4_LOOPBACK.test(name);
}

/**
 * Is a given secret the expected one? Digests have equal lengths, so the time of the comparison reveals nothing about
 * the expected secret.
 */
export function equalSecrets(given: string, expected: string): boolean {
  const { createHash, timingSafeEqual } = cryptoLibrary();
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
