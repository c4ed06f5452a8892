import { columnWidth } from './output-text.ts';

// oxlint-disable-next-line no-control-regex -- colours begin with it
const COLOUR = /\u001b\[\d+m/g;

/** Removes the escape sequences for colours. */
const withoutColour = (text: string): string => text.replaceAll(COLOUR, '');

/** Returns the width of a string in terminal columns, ignoring escape sequences for colours. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColour(text)) width += columnWidth(character);
  return width;
}

/** Pads a string with spaces to a width in columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** The rows of a table as lines: all cells of a column have the same width. */
export function tableLines(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join(gap)
      .trimEnd(),
  );
}

/** Breaks lines to fit a terminal. An entry can hold several lines. Without `columns`, lines are not broken. */
export function wrappedLines(lines: readonly string[], columns: number | undefined): readonly string[] {
  if (columns === undefined) return lines;
  return lines.flatMap((entry) => entry.split('\n')).flatMap((line) => wrapped(line, columns));
}

/**
 * Breaks a line at spaces to fit a terminal. Cells are separated by two or more spaces. The continuation lines are
 * aligned with the last cell. If the last cell begins in the right half of the terminal, it moves to the next line,
 * indented by four columns. The continuation lines repeat the branches of a tree. Words are never cut: a long word gets
 * its own line. Excerpts of files and lines that show a command are not broken, so that they can be copied.
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

/** The indentation of a continuation line that is not aligned with a cell, in columns. */
const INDENT = 4;

/** Distributes the words of a line over several lines. The first line begins with `lead`, the others with `next`. */
function fillLines(line: string, lead: string, next: string, columns: number): string[] {
  const lines: string[] = [];
  let [current, gap] = [lead, ''];
  let isEmpty = true;
  for (const part of line.slice(lead.length).split(/( +)/)) {
    if (/^ +$/.test(part)) {
      // On a continuation line, cells are not aligned with columns, so the gap between them is two spaces at most.
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

/** Matches a line of a file excerpt: a numbered line of the file, or the line with the mark below it. */
const EXCERPT = /^ *\d* *\| /;

/** Matches a line that shows a command. A word such as `next` or a `$` may come before the command. */
const COMMAND = /^ *(?:look|next|replay|hint:|\$)? +(?:kubectl|typekro|npx|npm|export) /;

/** Matches the spaces and branches (─ │ └ ├) at the beginning of a line. */
const LEAD = /^[ \u2500\u2502\u2514\u251c]*/;
