/**
 * Does the text contain every word of the filter? Words are separated by white space, and case is ignored. A filter
 * without words matches every text.
 */
export function matchesWords(text: string, filter: string): boolean {
  const lower = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
