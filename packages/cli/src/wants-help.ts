/** Do the arguments of a command contain `--help` or `-h`? */
export const wantsHelp = (words: readonly string[]): boolean => words.some((word) => /^(?:--?help|-h)$/.test(word));
