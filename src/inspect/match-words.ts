/**
 * Does a text have every word of a filter? Whitespace separates the words. Case is ignored. A filter without a word
 * fits every text.
 */
export function matchesWords(text: string, filter: string): boolean {
  const lower = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
