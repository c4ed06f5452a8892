/** The first `maxLength` UTF-16 units of a string, or one less: a surrogate pair is not divided. */
export const textPrefix = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
