import { failure, type Failure } from './strconv.ts';
import { goQuoteBytes } from './quote.ts';

/** Percent-encoding of byte strings by the rules of Go's `net/url`. */

/** A part of a URL. Each part has its own set of characters that are not escaped. */
export type UrlPart = 'fragment' | 'host' | 'path' | 'query' | 'userinfo' | 'zone';

const UNRESERVED = /[A-Za-z0-9\-_.~]/;
const IN_HOST = /[!$&'()*+,;=:[\]<>"]/;
const LITERAL: Readonly<Record<UrlPart, RegExp | undefined>> = {
  fragment: /[$&+,/:;=?@!()*]/,
  host: IN_HOST,
  path: /[$&+,/:;=@]/,
  query: undefined,
  userinfo: /[$&+,;=]/,
  zone: IN_HOST,
};

/** Is `char` (a byte) written as `%XX` in this part? */
export function mustEscape(char: string, place: UrlPart): boolean {
  return !UNRESERVED.test(char) && LITERAL[place]?.test(char) !== true;
}

/** Percent-encodes the bytes that must be escaped in this part. */
export function escapeBytes(bytes: string, place: UrlPart): string {
  return bytes.replace(/[^A-Za-z0-9\-_.~]/gs, (char) => {
    if (!mustEscape(char, place)) return char;
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/** Decodes escapes. Returns a failure for an escape or a character that this part of the URL does not allow. */
export function unescapeBytes(bytes: string, place: UrlPart): string | Failure {
  const inHost = place === 'host' || place === 'zone';
  for (let i = 0; i < bytes.length; i++) {
    const char = bytes.charAt(i);
    if (char === '%') {
      const triple = bytes.slice(i, i + 3);
      if (!/^%[0-9a-fA-F]{2}$/.test(triple) || refused(triple, place)) {
        return failure(`invalid URL escape ${goQuoteBytes(triple)}`);
      }
      i += 2;
    } else if (inHost && char.charCodeAt(0) < 0x80 && mustEscape(char, place)) {
      return failure(`invalid character ${goQuoteBytes(char)} in host name`);
    }
  }
  const spaced = place === 'query' ? bytes.replaceAll('+', ' ') : bytes;
  return spaced.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Is this escape refused? A host may escape only bytes beyond ASCII. A zone may escape only spaces and characters that
 * need no escape in a host. `%25` is always allowed.
 */
function refused(triple: string, place: UrlPart): boolean {
  if (triple === '%25') return false;
  const code = Number.parseInt(triple.slice(1), 16);
  if (place === 'host') return code < 0x80;
  return place === 'zone' && code !== 0x20 && mustEscape(String.fromCharCode(code), 'host');
}
