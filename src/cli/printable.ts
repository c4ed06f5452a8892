import { withShortValues } from './short-values.ts';

/**
 * Control characters (Cc) and characters that change the direction of text (Bidi_Control). They are listed by number:
 * with a named class such as `\p{Cc}`, the first printed text would make Node load tables that stay in memory. `WIDE`
 * and `ZERO` load such tables, but only when a width is computed.
 */
// oxlint-disable-next-line no-control-regex -- the pattern searches for them
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text from outside (names, messages of servers, lines of files) safe for a terminal. Control characters become
 * escapes, because they could move the cursor or hide text. So do characters that change the direction of text. Line
 * feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * The escape sequences for bold, faint and colours that this command writes. None of them hides text or moves the
 * cursor.
 */
// oxlint-disable-next-line no-control-regex -- a colour begins with this character
const COLOUR = /(\u001b\[(?:0|1|2|22|3[1-6]|39|90)m)/;

/** Like `printable`, but keeps the escape sequences of this command's colours. */
export function printableInColour(text: string): string {
  return text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/** The text that goes to the standard output. Only a document that goes to a file or a pipe stays as it is. */
export function outputText(
  text: string,
  { form, isTerminal }: { readonly form?: 'document' | undefined; readonly isTerminal: boolean },
): string {
  if (isTerminal) return printableInColour(text);
  return form === 'document' ? text : printable(text);
}

/**
 * Like `printable`, on one line: white space at both ends is removed, and every other run of white space becomes one
 * space. Large values in messages of servers are cut (`withShortValues`). JSON and YAML output does not use this
 * function.
 */
export function printableLine(text: string): string {
  return printable(withShortValues(text.trim().replaceAll(/\s+/g, ' ')));
}

/** Characters with a width of two columns: East Asian wide and fullwidth characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Characters without a width: combining marks and joiners. */
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** The width of a character in columns of a terminal. */
export function columnWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
