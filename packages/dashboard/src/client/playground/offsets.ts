import { printable } from '@typekro/kit/core';
import type { LinePosition } from '@typekro/controller/inspect';

/**
 * The offset of a position in a text, in UTF-16 units. A line outside of the text counts as the first or the last line,
 * and a column outside of the line as its start or end.
 */
export function offsetOf(text: string, { line, column }: LinePosition): number {
  const lines = text.split('\n');
  const index = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, index).reduce((sum, each) => sum + each.length + 1, 0);
  const units = Array.from(lines[index] ?? '')
    .slice(0, Math.max(0, column - 1))
    .join('').length;
  return start + units;
}

/** The line of a position, and a line with a caret below its column. */
export function excerptOf(text: string, { line, column }: LinePosition): string {
  const found = text.split('\n')[line - 1] ?? '';
  return `${printable(found)}\n${caretAt(found, column)}`;
}

/**
 * A caret below a column of a line, preceded by spaces. The page prints some characters as escapes, which are longer
 * than the characters. The number of spaces therefore depends on the printed line.
 */
export function caretAt(line: string, column: number): string {
  const before = Array.from(line)
    .slice(0, Math.max(0, column - 1))
    .join('');
  const beyond = Math.max(0, column - 1 - Array.from(before).length);
  return `${' '.repeat(Array.from(printable(before)).length + beyond)}^`;
}
