/**
 * Characters that a reader cannot see, as ranges of a character class. They are the control characters from U+007F on,
 * characters that change the direction of text (Bidi_Control), and characters without a shape (the soft hyphen,
 * separators, spaces without a width, and tags). The characters are listed by number: with a named class such as
 * `\p{Cf}`, the first printed text would make Node load tables that stay in memory.
 */
export const HIDDEN = String.raw`\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}`;

/** A joiner after an ASCII character or at the beginning of the text, where it joins nothing. */
export const IDLE_JOINER = String.raw`(?<=[\u0000-\u007f]|^)[\u200c\u200d]`;

const UNPRINTABLE = new RegExp(String.raw`[\u0000-\u001f${HIDDEN}]|${IDLE_JOINER}`, 'gu');

/** The escape of a character, as JSON, CEL and YAML write it. JSON has none for a character after U+FFFF. */
export function escapeOf(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16);
  const [mark, length] = digits.length > 4 ? ['U', 8] : ['u', 4];
  return `\\${mark}${digits.padStart(length, '0')}`;
}

/**
 * Makes text from outside (names, messages of servers, values, lines of files) safe for a terminal and for a page.
 * Control characters become escapes, because they could move the cursor or hide text. So do characters that change the
 * direction of text, and characters that a reader cannot see. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escapeOf(character),
  );
}
