/** The text with at most `length` characters; a longer one ends with `…`. A surrogate pair is never divided. */
export function shortText(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
