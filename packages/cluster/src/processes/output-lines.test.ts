import { expect, test } from 'vitest';
import { LineCutter } from './output-lines.ts';

const MAX = 256 * 1024;
const x = (count: number) => 'x'.repeat(count);

/** The lines into which the chunks are cut, including the last line, which `end` writes. */
function linesOf(chunks: readonly (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter((line) => lines.push(line));
  for (const chunk of chunks) cutter.add(Buffer.from(chunk));
  cutter.end();
  return lines;
}

test.each<[string, (string | Buffer)[], string[]]>([
  ['lines of one chunk', ['a\n\nb\n'], ['a', '', 'b']],
  ['a line in two chunks, and a last line without a line break', ['a', 'b\nc'], ['ab', 'c']],
  ['a character whose bytes are in two chunks', [Buffer.from([0xc3]), Buffer.from([0xa9, 10])], ['é']],
  ['a line of the maximum length', [`${x(MAX)}\n`, 'b'], [x(MAX), 'b']],
  ['a too long line with its line break in the same chunk', [`${x(MAX + 1)}\nb\n`], [x(MAX), 'x', 'b']],
  ['a too long line with its line break in a later chunk', [x(MAX + 1), `${x(MAX)}\n`], [x(MAX), x(MAX), 'x']],
  ['a too long line without a line break', [x(2 * MAX + 1)], [x(MAX), x(MAX), 'x']],
  ['a too long last line with an incomplete character', [x(MAX), Buffer.from([0xc3])], [x(MAX), '\uFFFD']],
  ['a too long line whose cut would split a character', [`${x(MAX - 1)}😀\n`], [x(MAX - 1), '😀']],
])('cuts %s into lines', (_, chunks, lines) => {
  expect(linesOf(chunks)).toEqual(lines);
});
