import type { JsonValue } from '@typekro/kit/core';
import { canonicalJson, cryptoLibrary } from '@typekro/kit/core';

/**
 * The digest of a JSON value: the first 20 bytes of its SHA-256, as 27 characters of base64url. Equal values have equal
 * digests: key order is ignored, and `1` equals `1n`. Collisions of different values are practically impossible.
 */
export function digestOf(value: JsonValue | undefined): string {
  // A slice of the full hex string would keep the full string in memory, for each of thousands of digests.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}
