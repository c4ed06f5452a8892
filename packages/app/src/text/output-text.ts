import { printable, printableDocument, textPrefix } from '@typekro/kit/core';
import { withShortValues } from './short-values.ts';

export { printable } from '@typekro/kit/core';

/**
 * Matches the escape sequences for bold, faint and colours that this program writes. None of them hides text or moves
 * the cursor.
 */
// oxlint-disable-next-line no-control-regex -- a colour begins with this character
const COLOUR = /(\u001b\[(?:0|1|2|22|3[1-6]|39|90)m)/;

/** Like `printable`, but keeps the escape sequences of this program's colours. */
export function printableInColour(text: string): string {
  return text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/**
 * The form of an output. A `document` is a text for programs that the command has made: JSON, YAML, TypeScript. A
 * `source` has text of a file of the user, whose meaning an escape could change.
 */
export type OutputForm = 'document' | 'source';

/**
 * Returns the text to write to standard output. Control characters, and characters that a reader cannot see, are
 * escaped. Only a source that is written to a file or a pipe stays unchanged.
 */
export function outputText(
  text: string,
  { form, isTerminal }: { readonly form?: OutputForm | undefined; readonly isTerminal: boolean },
): string {
  if (form === 'document') return printableDocument(text);
  if (isTerminal) return printableInColour(text);
  return form === 'source' ? text : printable(text);
}

/** The maximum length of a line. Any client can write a condition or an Event of a million characters. */
const MAX_LINE_LENGTH = 4_000;

/**
 * Like `printable`, on one line: trims white space, and replaces every other run of white space with one space.
 * Shortens large values in server messages (`withShortValues`) and long lines. Not used for JSON and YAML output.
 */
export function printableLine(text: string): string {
  const line = withShortValues(text.trim().replaceAll(/\s+/g, ' '));
  if (line.length <= MAX_LINE_LENGTH) return printable(line);
  return `${printable(textPrefix(line, MAX_LINE_LENGTH))}… (${line.length} characters)`;
}

/** Matches characters with a width of two columns: East Asian wide and fullwidth characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Matches characters with a width of zero: combining marks and joiners. */
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Returns the width of a character in terminal columns. */
export function columnWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
