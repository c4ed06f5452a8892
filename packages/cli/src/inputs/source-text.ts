import { existsSync } from 'node:fs';
import type { SourcePosition } from '@typekro/kit/core';
import { LineIndex, readRegularFile, readWhole, TypeKroError, whyUnreadable } from '@typekro/kit/core';
import { type Readable, addAbortSignal } from 'node:stream';
import { STANDARD_INPUT } from '../command.ts';

/** Returns the text of a file, for excerpts and positions, or an empty string when the file does not exist. */
export function textOf(path: string): string {
  return existsSync(path) ? readRegularFile(path).toString() : '';
}

/** Returns the pattern for a name that is not part of a longer name. */
export const wholeWord = (name: string): string =>
  String.raw`(?<![\w$])${name.replaceAll(/\W/g, String.raw`\$&`)}(?![\w$])`;

/**
 * Returns the position of a string in a file: in quotes, or else as a whole word. Returns `undefined` when the file
 * contains neither.
 */
export function placeOfText(file: string, needle: string): SourcePosition | undefined {
  const text = textOf(file);
  const quoted = Math.max(text.indexOf(`'${needle}'`), text.indexOf(`"${needle}"`));
  const at = quoted >= 0 ? quoted : text.search(new RegExp(wholeWord(needle)));
  if (at < 0) return undefined;
  return positionAt(file, text, at);
}

/** Returns the offsets at which a string occurs in quotes. */
export function placesOfQuoted(text: string, wanted: string): readonly number[] {
  return ["'", '"', '`'].flatMap((quote) => {
    const found: number[] = [];
    const quoted = quote + wanted + quote;
    for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1)) found.push(at);
    return found;
  });
}

/** Converts an offset to a line and a column. */
export function positionAt(file: string, text: string, offset: number): SourcePosition {
  return new LineIndex(text, file).position(offset);
}

/**
 * Reads standard input to its end.
 *
 * @throws TypeKroError `input/unreadable` when it cannot be read, for example after its terminal was closed, or
 *   when it is too long for `readWhole`.
 * @throws AbortError when `signal` aborts first.
 */
export async function readInput(input: Readable, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readWhole(addAbortSignal(signal, input));
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TypeKroError(`${STANDARD_INPUT} cannot be read: ${whyUnreadable(error)}`, {
      code: 'input/unreadable',
      remedy: 'pipe text into the command, or name a file',
      cause: error,
    });
  }
}
