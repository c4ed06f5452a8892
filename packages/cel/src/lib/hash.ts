import { cryptoLibrary } from '@typekro/kit/core';

/** Digests of the UTF-8 bytes of a string. */

export function sha256(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('sha256').update(text, 'utf8').digest());
}

export function md5(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('md5').update(text, 'utf8').digest());
}
