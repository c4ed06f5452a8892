/** Is this the text of a native function or of a bound function? Such a function has no source. */
export const isNativeText = (text: string): boolean => /\{\s*\[native code\]\s*\}\s*$/.test(text);
