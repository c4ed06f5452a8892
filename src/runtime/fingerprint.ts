import type { JsonValue } from '../core/index.ts';
import { jsonEquals } from '../core/index.ts';
import { digestOf } from './digest.ts';

/**
 * Identifies a JSON value by its digest (`digestOf`), which is small enough to keep for thousands of objects. While the
 * value is in memory anyway, the value itself is its fingerprint. Comparing two values costs a fifth of computing two
 * digests.
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

/** The digest of a fingerprint of either form. */
export function digestText(fingerprint: Fingerprint): string {
  return typeof fingerprint === 'string' ? fingerprint : fingerprint.digest;
}

/** Are two fingerprints of equal values? Key order is ignored, `1` and `1n` are equal. */
export function isSameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  if (a === b) return true;
  if (typeof a !== 'string' && typeof b !== 'string') return jsonEquals(a.value, b.value);
  return digestText(a) === digestText(b);
}
