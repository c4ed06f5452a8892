import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const rows = [...read('docs/controller-differences.md').matchAll(/^\| ([GKLPW]\d+) \|.*\| `([^`]+)`: "([^"]+)" \|$/gm)];

test('docs/controller-differences.md has all numbered rows of its five tables, in order', () => {
  const numbered = (letter: string, length: number) => Array.from({ length }, (_, index) => `${letter}${index + 1}`);
  const expected = [
    ...numbered('W', 30),
    ...numbered('K', 17),
    ...numbered('L', 2),
    ...numbered('G', 12),
    ...numbered('P', 7),
  ];
  expect(rows.map(([, weakness]) => weakness)).toEqual(expected);
});

test.each(rows.map(([, weakness = '', file = '', name = '']) => ({ weakness, file, name })))(
  '$weakness is shown by a test that exists in $file',
  ({ file, name }) => {
    // `it.each` makes the title of this test from two parts. The source file contains only the first part.
    const title = name.startsWith('the foreign kind last of all') ? 'the foreign kind last of all' : name;
    expect(read(file)).toContain(title);
  },
);
