import type { JsonValue } from '../core/index.ts';
import { jsonEquals } from '../core/index.ts';
import { digestOf } from './digest.ts';

/**
 * By what JSON values are told apart: a digest (`digestOf`), as it is kept of thousands of objects, or the value itself
 * as long as it is at hand anyway. To compare two values takes a fifth of what their digests take.
 */
export type Fingerprint = string | LazyDigest;

/** A value of which a digest is taken only when somebody needs it. The value must not change. */
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

/** The digest of a fingerprint, whatever it is now. */
export function digestText(fingerprint: Fingerprint): string {
  return typeof fingerprint === 'string' ? fingerprint : fingerprint.digest;
}

/** Are they of equal values? Key order means nothing, `1` and `1n` are equal. */
export function isSameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  if (a === b) return true;
  if (typeof a !== 'string' && typeof b !== 'string') return jsonEquals(a.value, b.value);
  return digestText(a) === digestText(b);
}
