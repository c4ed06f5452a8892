import { expect, test } from 'vitest';
import { inputMap, inputMapOf } from './input-map.ts';

const map = (source: string) => ({ version: 3, sources: [source], names: [], mappings: 'AACA' });
const comment = (source: string) =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map(source))).toString('base64')}`;

test('a place comes from where the map says, which counts from 0', () => {
  expect(inputMap(map('a.ts'), '/app/out/a.js')(0, 0)).toEqual({ file: '/app/out/a.ts', line: 2, column: 1 });
});

test('a line that the map says nothing of comes from nowhere, whatever stands before it', () => {
  expect(inputMap(map('a.ts'), '/app/a.js')(1, 0)).toBeUndefined();
});

test('of several comments the last one counts', () => {
  const code = `${comment('first.ts')}\nf();\n${comment('last.ts')}\n`;
  expect(inputMapOf(code, '/app/a.js')?.(0, 0)).toMatchObject({ file: '/app/last.ts' });
});

test.each(['', '//# sourceMappingURL=missing.map', '//# sourceMappingURL=data:application/json,no'])(
  '%j gives no map',
  (code) => {
    expect(inputMapOf(code, '/app/a.js')).toBeUndefined();
  },
);
