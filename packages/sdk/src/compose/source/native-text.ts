/** Is this the string that `toString` returns for a native or a bound function? Such a function has no source. */
export const isNativeText = (text: string): boolean => /\{\s*\[native code\]\s*\}\s*$/.test(text);
