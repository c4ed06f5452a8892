import type { CallContext, Library } from '../../library.ts';
import { INT, STRING } from '../../types.ts';
import { fail, checkedInt, type Int, type Value } from '../../values.ts';
import { overload, declare } from '../define.ts';
import { sha256 } from './kro-hash.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
/** The number of 32-bit words in the digest. A random string repeats after this number of characters. */
const PERIOD_LENGTH = 8;

/** kro's values that look random and depend only on a seed. */
export const kroRandom: Library = {
  name: 'random',
  functions: [
    declare('random.seededString', overload('random.seededString_int_string', [INT, STRING], STRING, seededString)),
    declare('random.seededInt', overload('random.seededInt_int_int_string', [INT, INT, STRING], INT, seededInt)),
  ],
};

function seededString(length: Int, seed: string, context: CallContext): Value {
  if (length <= 0) return fail('random.seededString length must be positive');
  context.charge(Number(length) + seed.length + 32);
  const digest = sha256(seed);
  const words = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  const period = Array.from({ length: PERIOD_LENGTH }, (_, i) =>
    ALPHABET.charAt(words.getUint32(4 * i) % ALPHABET.length),
  );
  return period
    .join('')
    .repeat(Math.ceil(Number(length) / PERIOD_LENGTH))
    .slice(0, Number(length));
}

/**
 * Returns an int that is at least `min` and less than `max`. As in Go, the size of the range is a uint64, so the
 * addition to `min` wraps around for very large ranges.
 */
function seededInt(min: Int, max: Int, seed: string, context: CallContext): Value {
  if (min >= max) return fail('random.seededInt min must be less than max');
  context.charge(seed.length + 32);
  const digest = sha256(seed);
  const word = new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getBigUint64(0);
  const span = BigInt.asUintN(64, BigInt(max) - BigInt(min));
  return checkedInt(BigInt.asIntN(64, BigInt(min) + BigInt.asIntN(64, word % span)));
}
