import { expect, test } from 'vitest';
import { LineCutter } from './output-lines.ts';

const MAX = 256 * 1024;
const x = (count: number) => 'x'.repeat(count);

/** The lines of chunks; `end` also writes the last line. */
function linesOf(chunks: readonly (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const cutter = new LineCutter((line) => lines.push(line));
  for (const chunk of chunks) cutter.add(Buffer.from(chunk));
  cutter.end();
  return lines;
}

test.each<[string, (string | Buffer)[], string[]]>([
  ['lines of one chunk', ['a\n\nb\n'], ['a', '', 'b']],
  ['a line in two chunks, and a last line without a break', ['a', 'b\nc'], ['ab', 'c']],
  ['a character whose bytes come apart', [Buffer.from([0xc3]), Buffer.from([0xa9, 10])], ['é']],
  ['the longest line', [`${x(MAX)}\n`, 'b'], [x(MAX), 'b']],
  ['a longer line whose break is in the same chunk', [`${x(MAX + 1)}\nb\n`], [x(MAX), 'x', 'b']],
  ['a longer line whose break comes later', [x(MAX + 1), `${x(MAX)}\n`], [x(MAX), x(MAX), 'x']],
  ['a longer line without a break', [x(2 * MAX + 1)], [x(MAX), x(MAX), 'x']],
  ['a longer last line', [x(MAX), Buffer.from([0xc3])], [x(MAX), '\uFFFD']],
  ['a cut inside a character', [`${x(MAX - 1)}😀\n`], [x(MAX - 1), '😀']],
])('%s', (_, chunks, lines) => {
  expect(linesOf(chunks)).toEqual(lines);
});
