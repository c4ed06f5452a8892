/**
 * Characters that a reader cannot see, as ranges of a character class. They are the control characters from U+007F on,
 * characters that change the direction of text (Bidi_Control), and characters without a shape
 * (Default_Ignorable_Code_Point: the soft hyphen, fillers, separators, spaces without a width, and tags). The
 * characters are listed by number: with a named class such as `\p{Cf}`, the first printed text would make Node load
 * tables that stay in memory.
 */
export const HIDDEN = String.raw`\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}`;

/**
 * A joiner after an ASCII character or at the beginning of the text, where it joins nothing. A variation selector after
 * another one or at the beginning, where it selects nothing.
 */
export const IDLE = String.raw`(?<=[\u0000-\u007f]|^)[\u200c\u200d]|(?<=[\ufe00-\ufe0f\u180b-\u180d\u180f]|^)[\ufe00-\ufe0f\u180b-\u180d\u180f]`;

const UNPRINTABLE = new RegExp(String.raw`[\u0000-\u001f${HIDDEN}]|${IDLE}`, 'gu');

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
  return withEscapes(text, escapeOf);
}

const withEscapes = (text: string, escape: (character: string) => string): string =>
  text.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escape(character),
  );

/**
 * Like `printable`, for a document that this program makes and that a program reads: JSON, JavaScript, TypeScript, XML,
 * or a line of a log. A character after U+FFFF becomes two escapes, as JSON and JavaScript write it. In these languages,
 * the characters of `printable` are valid only in strings, where the escapes have the same value, and in comments. In
 * YAML, `yamlOutput` has already escaped them.
 */
export function printableDocument(text: string): string {
  return withEscapes(text, (character) => character.split('').map(escapeOf).join(''));
}
