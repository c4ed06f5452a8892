/** The first `maxLength` UTF-16 units of a string, or one unit less if the cut would divide a surrogate pair. */
export const textPrefix = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
