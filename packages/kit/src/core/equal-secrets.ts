import { cryptoLibrary } from './libraries.ts';

/**
 * Is a given secret the expected one? Digests have equal lengths, so the time of the comparison reveals nothing about
 * the expected secret.
 */
export function equalSecrets(given: string, expected: string): boolean {
  const { createHash, timingSafeEqual } = cryptoLibrary();
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
