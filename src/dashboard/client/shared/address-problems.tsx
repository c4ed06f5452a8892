import type { JSX } from 'preact';
import { addressProblems } from '../data/session.ts';

/** What of the address the page does not know. The page leaves it out of the address. */
export function AddressProblems(): JSX.Element | null {
  const [...problems] = addressProblems.value;
  return problems.length === 0 ? null : (
    <p class="notice" role="alert">
      {problems.join(' ')} The page left this out.
    </p>
  );
}
