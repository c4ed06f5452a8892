import type { CallContext, Library } from '../../library.ts';
import { BYTES, STRING } from '../../types.ts';
import { overload } from '../define.ts';
import { fnv64a } from '@typekro/kit/golang';
import { md5, sha256 } from '../hash.ts';

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
  return { name, overloads: [overload(`${name}_string`, [STRING], BYTES, call)] };
}
