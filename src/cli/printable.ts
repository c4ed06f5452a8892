/**
 * Control characters (Cc) and those that turn the direction of text (Bidi_Control). By number: for a named class Node
 * loads tables, which stay in memory.
 */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from outside (names, messages of servers, lines of files) safe for a terminal: control characters, which
 * could move the cursor or hide text, become escapes. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** The same on one line: runs of white space become one space. */
export function printableLine(text: string): string {
  return printable(text.trim().replaceAll(/\s+/g, ' '));
}

/** Characters of two columns: East Asian wide and fullwidth ones, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Characters of no column: combining marks and joiners. */
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** How many columns of a terminal a character takes. */
export function columnWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
