/** Do the words of a command ask for its help? */
export const wantsHelp = (words: readonly string[]): boolean => words.some((word) => /^(?:--?help|-h)$/.test(word));
