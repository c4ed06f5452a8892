/** A string as a JavaScript literal in double quotes. The literal also has no line separator of Unicode. */
export const quoteJs = (text: string): string => JSON.stringify(text).replace(/[\u2028\u2029]/g, escaped);

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * A string as a JavaScript literal in code that an author reads. The literal has the kind of quotes that needs fewer
 * escapes, and single quotes if there is no difference.
 */
export function quoteForAuthor(text: string): string {
  const inside = quoteJs(text).slice(1, -1);
  const single = inside.split("'").length;
  const double = inside.split('\\"').length;
  if (single > double) return `"${inside}"`;
  return `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
