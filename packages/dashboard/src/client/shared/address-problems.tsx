import type { JSX } from 'preact';
import { addressProblems } from '../data/session.ts';

/** Sentences about the parts of the address that the page does not know and leaves out. */
export function AddressProblems(): JSX.Element | null {
  const [...problems] = addressProblems.value;
  return problems.length === 0 ? null : (
    <p class="notice" role="alert">
      {problems.join(' ')} The page ignores this part of the address.
    </p>
  );
}
