import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Checks that the proofs that docs/evidence.md names exist. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/evidence.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const paths = [...page.matchAll(/`((?:test|bench|scripts|src)\/[\w./-]+)`/g)].map(([, path = '']) => path);
test.each([...new Set(paths)])('%s exists', (path) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
});

const commands = [...page.matchAll(/`npm run ([\w-]+)[^`]*`/g)].map(([, name = '']) => name);
test.each([...new Set(commands)])('npm run %s exists', (name) => {
  expect(scripts).toHaveProperty(name);
});

const files = [...page.matchAll(/npx vitest run ([\w./-]+)/g)].map(([, path = '']) => path);
test.each([...new Set(files)])('npx vitest run %s finds tests', (path) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
});

test('each report of the table is a scenario, and each scenario is in the table', () => {
  const scenarios = readFileSync(join(ROOT, 'test/simulation/features/kro-reports.test.ts'), 'utf8');
  const numbersOf = (text: string) => [...text.matchAll(/#(\d+)/g)].map(([, number]) => number);
  const table = [...page.matchAll(/^\| (#[^|]*) \|/gm)].flatMap(([, cell = '']) => numbersOf(cell));
  const titles = [...scenarios.matchAll(/^ {2}it\('([^:]*):/gm)].flatMap(([, title = '']) => numbersOf(title));
  expect(table).toEqual(titles);
  expect(table.length).toBeGreaterThanOrEqual(10);
});
