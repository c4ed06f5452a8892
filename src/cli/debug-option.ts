/**
 * The option that prints the stacks of internal errors. The controller does not take it after its own name, because it
 * always prints them.
 */
export const DEBUG = '--debug';

/** The words of a command line from the name of the command on. The option can stand before the name, also repeatedly. */
export function wordsFromName(words: readonly string[]): readonly string[] {
  const index = words.findIndex((word) => word !== DEBUG);
  return index === -1 ? [] : words.slice(index);
}
