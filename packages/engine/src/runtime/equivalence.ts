import type { Fingerprint } from './fingerprint.ts';

/** Digests of desired fields and of live fields that satisfy them. */
export interface EquivalentDigests {
  readonly desired: Fingerprint;
  readonly owned: Fingerprint;
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
