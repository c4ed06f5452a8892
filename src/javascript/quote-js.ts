/** A string as a JavaScript literal in double quotes. The literal also has no line separator of Unicode. */
export const quoteJs = (text: string): string => JSON.stringify(text).replace(/[\u2028\u2029]/g, escaped);

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
