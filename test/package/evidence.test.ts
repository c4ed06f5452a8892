import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Budget } from '@typekro/kit/test-support/budget';
import { FORMER_SEEDS } from '../simulation/former-seeds.ts';
import { type SeedBudgets, releaseSeeds } from '../../scripts/release-seeds.ts';

/** The root of the repository. The tests check that it has the evidence that docs/evidence.md names. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/evidence.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const PAGES = ['docs/evidence.md', 'docs/security-self-assessment.md', 'docs/best-practices.md'];
const paths = PAGES.flatMap((name) => {
  const text = readFileSync(join(ROOT, name), 'utf8');
  return [...text.matchAll(/`((?:(?:test|bench|scripts|src|\.github)\/)[\w./-]+)`/g)].map(([, path = '']) => path);
});
test.each([...new Set(paths)])('%s exists', (path) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
});

const commands = [...page.matchAll(/`npm run ([\w-]+)[^`]*`/g)].map(([, name = '']) => name);
test.each([...new Set(commands)])('npm run %s exists', (name) => {
  expect(scripts).toHaveProperty(name);
});

const files = [...page.matchAll(/npx vitest run ([\w./-]+)/g)].map(([, path = '']) => path);
test.each([...new Set(files)])('the path of npx vitest run %s exists', (path) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
});

/** The arguments of each `npm run NAME -- …` on the page. Skips commands that contain a line break. */
const argumentsOf = (name: string): string[][] =>
  [...page.matchAll(/`npm run ([\w-]+) -- ([^`\n]+)`/g)]
    .filter(([, script]) => script === name)
    .map(([, , words = '']) => words.split(' '));

test.each([
  ['bench', (name: string) => `bench/${name}.ts`],
  ['fuzz', (name: string) => `test/fuzz/corpus/${name}.base64`],
])('npm run %s knows the names that the page passes to it', (script, pathOf) => {
  const names = argumentsOf(script).map(([name = '']) => name);
  const fixed = names.filter((name) => name !== 'TARGET');
  expect(fixed.length).toBeGreaterThan(0);
  expect(fixed.filter((name) => !existsSync(join(ROOT, pathOf(name))))).toEqual([]);
});

test.each(argumentsOf('conformance').map((words) => [words.join(' '), words] as const))(
  'npm run conformance -- %s names an existing kind, and a folder whose name has the level',
  (_, [kind = '', directory, flag, level]) => {
    expect(readFileSync(join(ROOT, 'scripts/conformance.ts'), 'utf8')).toMatch(new RegExp(`^  ${kind}: \\{`, 'm'));
    if (directory === undefined) return;
    expect(existsSync(join(ROOT, directory, 'cases.jsonl'))).toBe(true);
    expect([flag, directory]).toEqual(['--level', `test/conformance/${kind}-${level}`]);
  },
);

test('each report of the table has a scenario, and the report of each scenario is in the table', () => {
  const scenarios = ['deletion', 'running-instances'].map((name) =>
    readFileSync(join(ROOT, `test/simulation/features/kro-reports/${name}.test.ts`), 'utf8'),
  );
  const numbersOf = (text: string) => [...text.matchAll(/#(\d+)/g)].map(([, number]) => number);
  const table = [...page.matchAll(/^\| (\[#[^|]*) \|/gm)].flatMap(([, cell = '']) => numbersOf(cell));
  const titles = [...scenarios.join('').matchAll(/^ {2}it(?:\.fails)?\('(#[^:]*):/gm)].flatMap(([, title = '']) =>
    numbersOf(title),
  );
  expect(table.toSorted()).toEqual(titles.toSorted());
  expect(table.length).toBeGreaterThanOrEqual(10);
});

test('each report that the page marks as still bad has a failing test, and each such test has a row on the page', () => {
  const faults = readFileSync(join(ROOT, 'test/simulation/features/kro-reports/running-instances.test.ts'), 'utf8');
  const failing = [...faults.matchAll(/it\.fails\('(?:of )?(#\d+):/g)].map(([, number]) => number);
  const bad = [...page.matchAll(/^\| \[(#\d+)\].*\*\*Still bad\*\*/gm)].map(([, number]) => number);
  // The scenario of #1067 itself checks the part that is still bad, so #1067 has no `it.fails`.
  expect(bad.toSorted()).toEqual(['#1067', ...failing].toSorted());
});

const jsonOf = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

const BUDGETS: SeedBudgets = {
  simulationSeeds: { long: 400, full: 5000 },
  simulationGraphSeeds: { long: 60, full: 2000 },
};
test.each([
  ['1.0.0-alpha.0', { from: 384_149_801, to: 384_150_200 }, { from: 57_623_721, to: 57_623_780 }],
  ['1.0.0-alpha.1', { from: 38_223_001, to: 38_223_400 }, { from: 5_734_701, to: 5_734_760 }],
  ['1.0.0', { from: 342_252_601, to: 342_253_000 }, { from: 51_339_141, to: 51_339_200 }],
])('the release %s has its own seeds, which no full run uses', (version, definitions, graphs) => {
  expect(releaseSeeds(version, BUDGETS)).toEqual({ definitions, graphs });
});

test('the evidence of a release contains the commit, the Node version, the seeds, the counts and the results', () => {
  const run = (command: string, ...words: string[]) => execFileSync(command, words, { cwd: ROOT, encoding: 'utf8' });
  const folder = mkdtempSync(join(tmpdir(), 'typekro-evidence-'));
  const log = join(folder, 'test.log');
  writeFileSync(log, ' Tests  2 passed\n\n1 passed, 1 failed\n\n41 passed, 0 failed, 3 skipped\n');
  const lives = join(folder, 'lives.log');
  writeFileSync(lives, '17 passed, 0 failed\n\n0 failed\n2 failed\n1 failed\n');
  const script = ['--import', 'tsx', 'scripts/release-evidence.ts'];
  const evidence: unknown = JSON.parse(run(process.execPath, ...script, log, lives));
  rmSync(folder, { recursive: true });
  const { version } = jsonOf('package.json') as { readonly version: string };
  const budgets = jsonOf('test/budgets.json') as Readonly<Record<string, Budget>> &
    Readonly<Record<keyof SeedBudgets, Budget>>;
  expect(evidence).toMatchObject({
    commit: run('git', 'rev-parse', 'HEAD').trim(),
    node: process.versions.node,
    results: { passed: 41, failed: 0, skipped: 3 },
    seeds: {
      tests: { definitions: { from: 1, to: budgets.simulationSeeds.test } },
      former: { ...FORMER_SEEDS, results: { passed: 17, failed: 0, skipped: 0 } },
      fresh: { ...releaseSeeds(version, budgets), results: { failed: 3 } },
    },
    counts: Object.fromEntries(Object.entries(budgets).map(([name, { test: count }]) => [name, count])),
    kubernetes: { specs: { passes: expect.any(Number) as number } },
  });
  const without: unknown = JSON.parse(run(process.execPath, ...script));
  const unknown = { results: expect.stringMatching(/^not known/) as string };
  expect(without).toMatchObject({ ...unknown, seeds: { former: unknown, fresh: unknown } });
});

test('the release workflow attaches and attests the files that the page names', () => {
  const workflow = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  expect(workflow).toMatch(/gh release upload .* packed\/\*\.tgz typekro\.cdx\.json typekro\.evidence\.json/);
  expect(workflow).toMatch(/^ {6}attestations: write$/m);
  expect(workflow).toMatch(/npm test 2>&1 \| tee test\.log\n {8}shell: bash\n/);
  expect(workflow).toMatch(/scripts\/release-lives\.ts 2>&1 \| tee lives\.log\n {8}shell: bash\n/);
  expect(workflow).toContain('scripts/release-evidence.ts test.log lives.log > typekro.evidence.json');
  for (const words of argumentsOf('conformance').filter(([kind]) => kind === 'controller')) {
    expect(workflow).toContain(`- run: npm run conformance -- ${words.join(' ')}\n`);
  }
  // The workflow compares the packed file with the published file before it attests the file.
  expect(workflow).toMatch(/dist\.integrity[\s\S]*test "\$packed" = "\$published"[\s\S]*attest-build-provenance/);
  for (const action of ['attest-build-provenance', 'attest-sbom']) {
    expect(workflow).toMatch(new RegExp(`uses: actions/${action}@v\\d+\\n {8}with:\\n {10}subject-path: packed/`));
  }
});
