import { cryptoLibrary } from '../../core/index.ts';

/** Digests of the UTF-8 form of a text. */

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** FNV-1a with 64 bits, big-endian. */
export function fnv64a(text: string): Uint8Array {
  // Two halves of 32 bits: BigInt per byte would be twenty times slower.
  let high = Number(OFFSET >> 32n);
  let low = Number(OFFSET & 0xffffffffn);
  const primeLow = Number(PRIME & 0xffffffffn);
  for (const byte of Buffer.from(text, 'utf8')) {
    low = (low ^ byte) >>> 0;
    // (high·2³² + low) × (2⁴⁰ + primeLow) modulo 2⁶⁴.
    const product = low * primeLow;
    const carry = Math.floor(product / 0x100000000);
    high = (Math.imul(high, primeLow) + carry + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  return bytes;
}

export function sha256(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('sha256').update(text, 'utf8').digest());
}

export function md5(text: string): Uint8Array {
  return new Uint8Array(cryptoLibrary().createHash('md5').update(text, 'utf8').digest());
}
