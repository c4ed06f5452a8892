/**
 * The characters of generated names, as in Kubernetes. Vowels are absent, so that names contain no words. The digits 0,
 * 1 and 3 are absent, because they look like letters.
 */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const MAX_PREFIX_LENGTH = 58;

/** Five random characters from `ALPHABET`. */
export function randomSuffix(): string {
  let suffix = '';
  for (let count = 0; count < SUFFIX_LENGTH; count++)
    suffix += ALPHABET.charAt(Math.floor(Math.random() * ALPHABET.length));
  return suffix;
}

/** A name made of the prefix and five random characters. */
export const generateName = (prefix: string): string => prefix.slice(0, MAX_PREFIX_LENGTH) + randomSuffix();
