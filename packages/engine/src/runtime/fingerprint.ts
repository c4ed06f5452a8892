import type { JsonValue } from '@typekro/kit/core';
import { jsonEquals } from '@typekro/kit/core';
import { digestOf } from './digest.ts';

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
