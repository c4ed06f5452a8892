const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** Go's `fnv.New64a` over the UTF-8 bytes of a string. The result is 8 bytes, big-endian. */
export function fnv64a(text: string): Uint8Array {
  // The hash is kept as two numbers of 32 bits, because a BigInt operation per byte would be twenty times slower.
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

/**
 * Go's `fnv.New32a` over the UTF-8 bytes of a string. `state` is the hash of the preceding string; by default, a new
 * hash begins.
 */
export function fnv32a(text: string, state = 0x811c9dc5): number {
  let hash = state;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
