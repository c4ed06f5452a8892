/**
 * The option that prints the stacks of internal errors. `typekro controller` always prints the stacks, and therefore
 * does not accept the option after the word `controller`.
 */
export const DEBUG = '--debug';

/**
 * Returns the words of a command line from the name of the command on. The option can occur before the name, even
 * several times.
 */
export function wordsFromName(words: readonly string[]): readonly string[] {
  const index = words.findIndex((word) => word !== DEBUG);
  return index === -1 ? [] : words.slice(index);
}
