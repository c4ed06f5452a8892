import { existsSync, readFileSync } from 'node:fs';
import type { SourcePosition } from '../../core/index.ts';
import { LineIndex } from '../../core/index.ts';

/** The text of a file, for excerpts and for places; empty when the file does not exist. */
export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The pattern of a name that is not part of a longer name. */
export const wholeWord = (name: string): string =>
  String.raw`(?<![\w$])${name.replaceAll(/\W/g, String.raw`\$&`)}(?![\w$])`;

/** The place of a text in a file: in quotes, else as a whole word; `undefined` when there is neither. */
export function placeOfText(file: string, needle: string): SourcePosition | undefined {
  const text = textOf(file);
  const quoted = Math.max(text.indexOf(`'${needle}'`), text.indexOf(`"${needle}"`));
  const at = quoted >= 0 ? quoted : text.search(new RegExp(wholeWord(needle)));
  if (at < 0) return undefined;
  return positionAt(file, text, at);
}

/** The offsets of a text in quotes. */
export function placesOfQuoted(text: string, wanted: string): readonly number[] {
  return ["'", '"', '`'].flatMap((quote) => {
    const found: number[] = [];
    const quoted = quote + wanted + quote;
    for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1)) found.push(at);
    return found;
  });
}

/** The line and column of an offset. */
export function positionAt(file: string, text: string, offset: number): SourcePosition {
  return new LineIndex(text, file).position(offset);
}
