import type { CommandContext } from './command.ts';
import { columnWidth } from './printable.ts';

// oxlint-disable-next-line no-control-regex -- colours begin with it
const COLOUR = /\u001b\[\d+m/g;

/** A text without its escape sequences for colours. */
const withoutColour = (text: string): string => text.replaceAll(COLOUR, '');

/** The width of a text in columns, without its escape sequences for colours. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColour(text)) width += columnWidth(character);
  return width;
}

/** Pads a text with spaces to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Prints lines as text. On a terminal, each line is broken to fit it. */
export function printLines(
  { print, terminal }: Pick<CommandContext, 'print' | 'terminal'>,
  lines: readonly string[],
): void {
  for (const line of wrappedLines(lines, terminal?.columns)) print(line);
}

/** Breaks lines to fit a terminal. An entry can hold several lines. Without `columns`, lines are not broken. */
export function wrappedLines(lines: readonly string[], columns: number | undefined): readonly string[] {
  if (columns === undefined) return lines;
  return lines.flatMap((entry) => entry.split('\n')).flatMap((line) => wrapped(line, columns));
}

/**
 * Breaks a line at spaces to fit a terminal. The following lines begin below the last cell of the line. When that cell
 * begins far to the right, it gets lines of its own, indented by four columns. The branches of a tree continue on these
 * lines. Words are never cut: a long word gets a line of its own. Excerpts of files and lines that show a command stay
 * whole, so that they can be copied.
 */
export function wrapped(line: string, columns: number): string[] {
  if (widthOf(line) <= columns || EXCERPT.test(line) || COMMAND.test(withoutColour(line))) return [line];
  const lead = LEAD.exec(line)?.[0] ?? '';
  const branches = lead.replaceAll('├', '│').replaceAll(/[\u2500\u2514]/g, ' ');
  const last = [...line.slice(lead.length).matchAll(/\S {2,}(?=\S)/g)].at(-1);
  const cell = last === undefined ? 0 : lead.length + last.index + last[0].length;
  const column = widthOf(line.slice(0, cell));
  if (cell > 0 && column <= columns / 2) return fillLines(line, lead, padded(branches, column), columns);
  const next = padded(branches, lead.length + INDENT);
  const head = line.slice(0, cell).trimEnd();
  if (cell === 0 || widthOf(head) > columns) return fillLines(line, lead, next, columns);
  return [head, ...fillLines(next + line.slice(cell), next, next, columns)];
}

/** The columns by which a line that continues another one is indented, when there is no cell above it. */
const INDENT = 4;

/** Fills lines with the words of a line that begins with `lead`. The lines after the first begin with `next`. */
function fillLines(line: string, lead: string, next: string, columns: number): string[] {
  const lines: string[] = [];
  let [current, gap] = [lead, ''];
  let isEmpty = true;
  for (const part of line.slice(lead.length).split(/( +)/)) {
    if (/^ +$/.test(part)) {
      // The cells of a continued line are below no column, so the gap between them is narrow.
      gap = lines.length === 0 ? part : part.slice(0, 2);
      continue;
    }
    if (!isEmpty && widthOf(current) + gap.length + widthOf(part) > columns) {
      lines.push(current);
      current = next + part;
    } else current += (isEmpty ? '' : gap) + part;
    isEmpty = false;
  }
  return [...lines, current];
}

/** A line of an excerpt of a file: a numbered line of the file, or the line below it with a mark. */
const EXCERPT = /^ *\d* *\| /;

/** A line that shows a command and nothing else. */
const COMMAND = /^ *(?:look|next|replay|hint:|\$)? +(?:kubectl|typekro|npx|npm|export) /;

/** The blanks and the branches (─ │ └ ├) at the beginning of a line. */
const LEAD = /^[ \u2500\u2502\u2514\u251c]*/;
