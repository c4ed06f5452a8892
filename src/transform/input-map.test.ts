import { expect, test } from 'vitest';
import { inputMap, mapPosition } from '../javascript/index.ts';
import { inputMapOf } from './input-map.ts';

const map = (source: string) => ({ version: 3, sources: [source], names: [], mappings: 'AACA' });
const comment = (source: string) =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map(source))).toString('base64')}`;

test('a position comes from the map, which counts from 0', () => {
  expect(inputMap(map('a.ts'), '/app/out/a.js')(0, 0)).toEqual({ file: '/app/out/a.ts', line: 2, column: 1 });
});

test('a line without an entry in the map has no position, even when earlier lines have entries', () => {
  expect(inputMap(map('a.ts'), '/app/a.js')(1, 0)).toBeUndefined();
});

test('the last of several comments counts', () => {
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
