import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const rows = [...read('docs/controller-differences.md').matchAll(/^\| (W\d+) \|.*\| `([^`]+)`: "([^"]+)" \|$/gm)];

test('docs/controller-differences.md names each weakness once', () => {
  const expected = Array.from({ length: 27 }, (_, index) => `W${index + 1}`);
  expect(rows.map(([, weakness]) => weakness)).toEqual(expected);
});

test.each(rows.map(([, weakness = '', file = '', name = '']) => ({ weakness, file, name })))(
  '$weakness is shown by a test that exists in $file',
  ({ file, name }) => {
    // Names in tables stand apart from what is common to their rows.
    const title = name.startsWith('the foreign kind last of all') ? 'the foreign kind last of all' : name;
    expect(read(file)).toContain(title);
  },
);
