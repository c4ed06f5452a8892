import type { CelError } from '../api.ts';
import { codePointLength } from '../utf8.ts';

/** The maximum number of stored errors per expression. Additional errors are only counted. */
const MAX_ERRORS = 100;

/** The maximum length of a quoted source line, in bytes of UTF-8. */
const MAX_SNIPPET_BYTES = 16384;

/** The offset of errors without a position. */
export const NO_OFFSET = -1;

/** Collects the errors of one expression and renders them as cel-go does. */
export class ErrorList {
  readonly #text: string;
  readonly #errors: CelError[] = [];
  #count = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds an error at an offset of the text, or without a position ({@link NO_OFFSET}). */
  add(offset: number, message: string): void {
    this.#count++;
    if (this.#count > MAX_ERRORS) return;
    if (offset === NO_OFFSET) this.#errors.push({ message, line: -1, column: 0, offset });
    else this.#errors.push({ message, ...positionOf(this.#text, offset), offset });
  }

  /** The errors in order of position; errors at one position in order of discovery. */
  sorted(): readonly CelError[] {
    return this.#errors.sort((a, b) => a.line - b.line || a.column - b.column);
  }

  /**
   * Returns the stored errors, joined by newlines, and the number of additional errors. Each error has its source line
   * and a caret. Line and caret are missing when the error has no position, or the line is too long.
   */
  render(): string {
    const texts = this.sorted().map((error) => renderError(this.#text, error));
    if (this.#count > MAX_ERRORS) texts.push(`${this.#count - MAX_ERRORS} more errors were truncated`);
    return texts.join('\n');
  }
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  // cel-go finds no position in an empty text.
  if (text === '') return { line: 1, column: 0 };
  let line = 1;
  let lineStart = 0;
  for (;;) {
    const newline = text.indexOf('\n', lineStart);
    if (newline < 0 || newline >= offset) break;
    line++;
    lineStart = newline + 1;
  }
  return { line, column: codePointLength(text.slice(lineStart, offset)) + 1 };
}

function renderError(text: string, error: CelError): string {
  const head = `ERROR: <input>:${error.line}:${error.column}: ${error.message}`;
  const source = text === '' ? undefined : text.split('\n', error.line)[error.line - 1];
  if (error.line < 1 || source === undefined || Buffer.byteLength(source) > MAX_SNIPPET_BYTES) return head;
  const line = source.replaceAll('\t', ' ');
  let caret = '';
  const characters = Array.from(line);
  const column = error.column - 1;
  for (const character of characters.slice(0, Math.max(0, column))) caret += isWide(character) ? '\uff0e' : '.';
  const under = characters[column];
  caret += under !== undefined && isWide(under) ? '\uff3e' : '^';
  return `${head}\n | ${line}\n | ${caret}`;
}

/** Does the character take more than one byte in UTF-8? */
function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 127;
}
