/**
 * The option that prints the stacks of internal errors. `typekro controller` does not accept the option after its name,
 * because it always prints the stacks.
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
