import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS } from '../mutations/mutations.ts';
import { SURVIVORS } from '../mutations/survivors.ts';

/** Checks that the proofs that docs/evidence.md names exist, and that its counts are those of the repository. */
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

/** The arguments of each `npm run NAME -- …` of the page, without the pieces that follow a line break. */
const argumentsOf = (name: string): string[][] =>
  [...page.matchAll(/`npm run ([\w-]+) -- ([^`\n]+)`/g)]
    .filter(([, script]) => script === name)
    .map(([, , words = '']) => words.split(' '));

test.each([
  ['bench', (name: string) => `bench/${name}.ts`],
  ['fuzz', (name: string) => `test/fuzz/corpus/${name}`],
])('npm run %s has what the page gives it', (script, pathOf) => {
  const names = argumentsOf(script).map(([name = '']) => name);
  const fixed = names.filter((name) => name !== 'TARGET');
  expect(fixed.length).toBeGreaterThan(0);
  expect(fixed.filter((name) => !existsSync(join(ROOT, pathOf(name))))).toEqual([]);
});

test.each(argumentsOf('conformance').map((words) => [words.join(' '), words] as const))(
  'npm run conformance -- %s reads a kind, and a folder at the level of its name',
  (_, [kind = '', directory, flag, level]) => {
    expect(readFileSync(join(ROOT, 'scripts/conformance.ts'), 'utf8')).toMatch(new RegExp(`^  ${kind}: \\{`, 'm'));
    if (directory === undefined) return;
    expect(existsSync(join(ROOT, directory, 'scenarios'))).toBe(true);
    expect([flag, directory]).toEqual(['--level', `test/conformance/${kind}-${level}`]);
  },
);

test.each([
  ['0.9', 'test/conformance/controller/scenarios'],
  ['0.10', 'test/conformance/controller-0.10/scenarios'],
])('the page counts the scenarios of the level %s', (level, directory) => {
  const counts = [...page.matchAll(/(\d+) of (\d+) (?:scenarios pass )?at the level ([\d.]*\d)/g)];
  const [, passed, all] = counts.find(([, , , of]) => of === level) ?? [];
  const scenarios = String(readdirSync(join(ROOT, directory)).length);
  expect([passed, all]).toEqual([scenarios, scenarios]);
});

test.each(['docs/evidence.md', 'docs/security-self-assessment.md'])('%s counts the mutations', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const least = Number(/more than (\d+) changes/.exec(text)?.[1]);
  expect(MUTATIONS.length).toBeGreaterThan(least);
  expect(text).toMatch(/[Tt]hree (?:of them|that) change no\s+behaviour/);
  expect(Object.keys(SURVIVORS)).toHaveLength(3);
});

test('each report of the table is a scenario, and each scenario is in the table', () => {
  const scenarios = readFileSync(join(ROOT, 'test/simulation/features/kro-reports.test.ts'), 'utf8');
  const numbersOf = (text: string) => [...text.matchAll(/#(\d+)/g)].map(([, number]) => number);
  const table = [...page.matchAll(/^\| (#[^|]*) \|/gm)].flatMap(([, cell = '']) => numbersOf(cell));
  const titles = [...scenarios.matchAll(/^ {2}it\('([^:]*):/gm)].flatMap(([, title = '']) => numbersOf(title));
  expect(table).toEqual(titles);
  expect(table.length).toBeGreaterThanOrEqual(10);
});
