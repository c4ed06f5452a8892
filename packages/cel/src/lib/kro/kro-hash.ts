import type { CallContext, Library } from '../../library.ts';
import { BYTES, STRING } from '../../types.ts';
import { overload, declare } from '../define.ts';
import { fnv64a } from '@typekro/kit/golang';
import { cryptoLibrary } from '@typekro/kit/core';

/** kro's functions for digests of strings. */
export const kroHash: Library = {
  name: 'hash',
  functions: [digest('hash.fnv64a', fnv64a), digest('hash.sha256', sha256), digest('hash.md5', md5)],
};

function digest(name: string, compute: (text: string) => Uint8Array) {
  const call = (text: string, context: CallContext) => {
    context.charge(text.length + 32);
    return compute(text);
  };
  return declare(name, overload(`${name}_string`, [STRING], BYTES, call));
}

/** Digests of the UTF-8 bytes of a string. */

export function sha256(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('sha256').update(text, 'utf8').digest());
}

function md5(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('md5').update(text, 'utf8').digest());
}
