import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceMap } from 'node:module';
import { expect, test } from 'vitest';
import fc from 'fast-check';
import { inputMap, mapPosition } from '../javascript/index.ts';
import { inputMapOf } from './strip-types.ts';
import { type Insertion, LineTable, encodeVlq, inOrder, insertAll, mapEdited } from './edited-text.ts';

const map = (source: string) => ({ version: 3, sources: [source], names: [], mappings: 'AACA' });
const comment = (source: string) =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map(source))).toString('base64')}`;

test('a map counts lines and columns from 0, and a position counts them from 1', () => {
  expect(inputMap(map('a.ts'), '/app/out/a.js')(0, 0)).toEqual({ file: '/app/out/a.ts', line: 2, column: 1 });
});

test('a line without an entry in the map has no position, even if earlier lines have entries', () => {
  expect(inputMap(map('a.ts'), '/app/a.js')(1, 0)).toBeUndefined();
});

test.each([[null], ['']])('a map whose source is %j describes the file itself', (source) => {
  const payload = { version: 3, sources: [source], names: [], mappings: 'AACA' };
  expect(inputMap(payload, '/app/a.js')(0, 0)).toEqual({ file: '/app/a.js', line: 2, column: 1 });
});

test.each([
  ['/src/', 'a.ts', '/src/a.ts'],
  ['../src', 'a.ts', '/app/src/a.ts'],
  ['file:///src', 'a.ts', '/src/a.ts'],
  ['../src', '/b/a.ts', '/b/a.ts'],
])('a map with sourceRoot %j and source %j denotes the file %j', (sourceRoot, source, file) => {
  expect(inputMap({ ...map(source), sourceRoot }, '/app/out/a.js')(0, 0)?.file).toBe(file);
});

test.each([
  { mappings: 1, sources: [] },
  { mappings: 'AACA', sources: null },
  { mappings: 'AACA', sources: [1] },
])('%j is not a source map', (payload) => {
  const url = `data:application/json,${encodeURIComponent(JSON.stringify({ version: 3, names: [], ...payload }))}`;
  expect(inputMapOf(`//# sourceMappingURL=${url}`, '/app/a.js')?.(0, 0)).toBeUndefined();
});

test.each(['na%C3%AFve%20app.js.map', 'na\u00efve%20app.js.map', '100%.js.map'])(
  'the map at the URL %s is found',
  (url) => {
    const folder = mkdtempSync(join(tmpdir(), 'input-map-'));
    for (const name of ['na\u00efve app.js.map', '100%.js.map'])
      writeFileSync(join(folder, name), JSON.stringify(map('a.ts')));
    expect(inputMapOf(`//# sourceMappingURL=${url}`, join(folder, 'a.js'))?.(0, 0)?.file).toBe(join(folder, 'a.ts'));
  },
);

test.each([
  ['maps/a.js.map', 'a.ts', undefined, 'maps/a.ts'],
  ['maps/a.js.map', '../src/a.ts', undefined, 'src/a.ts'],
  ['maps/a.js.map', 'a.ts', '../src', 'src/a.ts'],
  ['maps/a.js.map', null, undefined, 'a.js'],
])('the map %s with source %j and sourceRoot %j leads to %s', (name, source, sourceRoot, author) => {
  const folder = mkdtempSync(join(tmpdir(), 'input-map-'));
  mkdirSync(join(folder, 'maps'));
  const payload = { version: 3, sources: [source], names: [], mappings: 'AACA', sourceRoot };
  writeFileSync(join(folder, name), JSON.stringify(payload));
  const found = inputMapOf(`//# sourceMappingURL=${name}`, join(folder, 'a.js'))?.(0, 0);
  expect(found?.file).toBe(join(folder, author));
});

const FOREIGN = ['file://server/a.ts', 'file:///a%2Fb.ts', 'file://[a.ts'];

test.each(FOREIGN)('the source %s is not a file of this machine, and has no position', (source) => {
  expect(inputMap(map(source), '/app/a.js')(0, 0)).toBeUndefined();
});

test.each(FOREIGN)('the sourceRoot %s is not a folder of this machine, and is treated as absent', (sourceRoot) => {
  expect(inputMap({ ...map('a.ts'), sourceRoot }, '/app/a.js')(0, 0)?.file).toBe('/app/a.ts');
});

test.each(FOREIGN)('the file of the map %s cannot be read', (url) => {
  expect(inputMapOf(`//# sourceMappingURL=${url}`, '/app/a.js')).toBeUndefined();
});

test.each(FOREIGN)('a position in the script %s has the URL of the script as its file', (url) => {
  expect(mapPosition(url, '', 0, 0)).toEqual({ file: url, line: 1, column: 1 });
});

test('the last of several sourceMappingURL comments is used', () => {
  const code = `${comment('first.ts')}\nf();\n${comment('last.ts')}\n`;
  expect(inputMapOf(code, '/app/a.js')?.(0, 0)).toMatchObject({ file: '/app/last.ts' });
});

test.each(['', '//# sourceMappingURL=missing.map', '//# sourceMappingURL=data:application/json,no'])(
  '%j has no source map',
  (code) => {
    expect(inputMapOf(code, '/app/a.js')).toBeUndefined();
  },
);

test('equal maps in two folders have sources in their own folders', () => {
  const url = comment('a.ts').replace('//# sourceMappingURL=', '');
  const files = ['file:///app/a.js', 'file:///lib/a.js'].map((script) => mapPosition(script, url, 0, 0).file);
  expect(files).toEqual(['/app/a.ts', '/lib/a.ts']);
});

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
