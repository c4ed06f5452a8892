const encoder = new TextEncoder();

/** UTF-8 bytes of a string; lone surrogates become U+FFFD. */
export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The string of UTF-8 bytes; undefined when they are not valid. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Number of code points; a lone surrogate counts as one. */
export function codePointLength(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const c = text.charCodeAt(index);
    if (c >= 0xd800 && c < 0xdc00) {
      const d = text.charCodeAt(index + 1);
      if (d >= 0xdc00 && d < 0xe000) index++;
    }
    count++;
  }
  return count;
}
