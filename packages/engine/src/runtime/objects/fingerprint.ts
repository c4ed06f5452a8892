import { type JsonValue, jsonEquals, canonicalJson, cryptoLibrary } from '@typekro/kit/core';

/** Digests of desired fields and of live fields that satisfy them. */
export interface EquivalentDigests {
  readonly desired: Fingerprint;
  readonly owned: Fingerprint;
  /**
   * Set if the live fields have other values than the desired ones, because the server or an admission webhook or policy
   * changes them in each write. The write is repeated at `at` (milliseconds since the epoch), after `pauses` earlier
   * repetitions: no event reports the end of such a change.
   */
  readonly repeat?: { readonly at: number; readonly pauses: number };
}

/**
 * Identifies a JSON value, for comparison with other values. A string is the value's digest (`digestOf`), which is
 * small enough to keep for thousands of objects. A `LazyDigest` holds the value itself, if the value is in memory
 * anyway: comparing two values takes a fifth of the time of computing two digests.
 */
export type Fingerprint = string | LazyDigest;

/** A value whose digest is computed on first use. The value must not change. */
export class LazyDigest {
  readonly value: JsonValue;
  #digest: string | undefined;

  constructor(value: JsonValue) {
    this.value = value;
  }

  get digest(): string {
    return (this.#digest ??= digestOf(this.value));
  }
}

/** The digest of a fingerprint. */
export function digestText(fingerprint: Fingerprint): string {
  return typeof fingerprint === 'string' ? fingerprint : fingerprint.digest;
}

/** Do two fingerprints identify equal values? Key order is ignored, and `1` equals `1n`. */
export function isSameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  if (a === b) return true;
  if (typeof a !== 'string' && typeof b !== 'string') return jsonEquals(a.value, b.value);
  return digestText(a) === digestText(b);
}

/**
 * The digest of a JSON value: the first 20 bytes of its SHA-256, as 27 characters of base64url. Equal values have equal
 * digests: key order is ignored, and `1` equals `1n`. Collisions of different values are practically impossible.
 */
export function digestOf(value: JsonValue | undefined): string {
  // A slice of the full hex string would keep the full string in memory, for each of thousands of digests.
  return cryptoLibrary().hash('sha256', canonicalJson(value), 'buffer').toString('base64url', 0, 20);
}

/**
 * The known equivalence of a live object or of one writer's fields, as a pair of digests; undefined if no equivalence
 * is known.
 */
export function equivalenceOf({
  equivalence,
  owned = '',
}: {
  readonly equivalence?: EquivalentDigests | true;
  readonly owned?: Fingerprint;
}): EquivalentDigests | undefined {
  return equivalence === true ? { desired: owned, owned } : equivalence;
}

/** Digests of wanted objects, and their comparison. */
export const Fingerprint = { of: digestOf, ofText: digestText, isSame: isSameFingerprint, equivalenceOf };
