import { columnWidth } from '../printable.ts';

// oxlint-disable-next-line no-control-regex -- colours begin with it
const COLOUR = /\u001b\[\d+m/g;

/** The width of a text in columns, without its escape sequences for colours. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replaceAll(COLOUR, '')) width += columnWidth(character);
  return width;
}

/** Pads a text with spaces to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/**
 * Breaks a line at spaces to fit the terminal, and indents the following lines. Words are never cut: a long word gets a
 * line of its own.
 *
 * @param columns the width of the terminal; when undefined, lines are not broken
 */
export function wrapped(line: string, columns: number | undefined, indent: number): string[] {
  if (columns === undefined || widthOf(line) <= columns) return [line];
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  let gap = '';
  for (const part of line.slice(lead.length).split(/( +)/)) {
    if (/^ +$/.test(part)) {
      gap = part;
      continue;
    }
    const isFirst = current.trim() === '';
    if (!isFirst && widthOf(current) + gap.length + widthOf(part) > columns) {
      lines.push(current);
      current = ' '.repeat(indent) + part;
    } else current += (isFirst ? '' : gap) + part;
  }
  return [...lines, current];
}
