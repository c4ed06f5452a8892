import fc from 'fast-check';
import { SourceMap } from 'node:module';
import { expect, test } from 'vitest';
import { inOrder, insertAll, LineTable, mapEdited, encodeVlq } from './edited-text.ts';
import type { Insertion } from './edited-text.ts';

test('lines end as in JavaScript', () => {
  const lines = new LineTable('a\r\nb\rc\u2028d\n');
  expect([0, 3, 5, 7, 9].map((offset) => lines.at(offset).line)).toEqual([0, 1, 2, 3, 4]);
  expect(lines.at(2)).toEqual({ line: 0, column: 2 });
});

test('at one offset, closing insertions precede statements, statements precede opening insertions, and equal kinds keep their order', () => {
  const at = (text: string, kind: Insertion['kind']): Insertion => ({ at: 1, text, kind });
  const ordered = inOrder([at('<', 'open'), at('s', 'statement'), at('t', 'statement'), at('>', 'close')]);
  expect(insertAll('ab', ordered)).toBe('a>st<b');
});

test.each([
  [0, 'A'],
  [1, 'C'],
  [-1, 'D'],
  [15, 'e'],
  [16, 'gB'],
  [-1000, 'x+B'],
])('%i is encoded as %s in a source map', (value, text) => {
  expect(encodeVlq(value)).toBe(text);
});

test('the source map of the edited text contains every position of the original text', () => {
  const insertion = fc.record({
    at: fc.nat(30),
    text: fc.stringMatching(/^[xyz]{1,9}$/),
    kind: fc.constantFrom('close' as const, 'statement' as const, 'open' as const),
  });
  fc.assert(
    fc.property(fc.stringMatching(/^[ab\n]{31}$/), fc.array(insertion, { maxLength: 6 }), (code, insertions) => {
      const lines = new LineTable(code);
      const ordered = inOrder(insertions);
      const edited = insertAll(code, ordered);
      const offsets = Array.from({ length: code.length }, (_, offset) => offset);
      const author = (offset: number) => {
        const { line, column } = lines.at(offset);
        return { file: 'a', line: line + 1, column: column + 1 };
      };
      const { sources, mappings } = mapEdited(offsets, ordered, lines, author);
      const map = new SourceMap({
        version: 3,
        file: '',
        sourceRoot: '',
        names: [],
        sourcesContent: [],
        sources,
        mappings,
      });
      const editedLines = new LineTable(edited);
      for (const offset of offsets) {
        const shift = ordered.filter(({ at }) => at <= offset).reduce((sum, { text }) => sum + text.length, 0);
        const { line, column } = editedLines.at(offset + shift);
        const original = lines.at(offset);
        expect(map.findEntry(line, column)).toMatchObject({
          originalLine: original.line,
          originalColumn: original.column,
        });
      }
    }),
  );
});
