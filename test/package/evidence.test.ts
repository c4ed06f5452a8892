import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Budget } from '../support/budget.ts';
import { CEL_SPEC_DEVIATIONS } from '../conformance/cel-spec-deviations.ts';
import { MUTATIONS } from '../mutations/mutations.ts';
import { SURVIVORS } from '../mutations/survivors.ts';
import { recordedCases } from '../conformance/takeover/recorded-cases.ts';
import { FORMER_SEEDS } from '../simulation/former-seeds.ts';
import type { SeedBudgets } from '../../scripts/release-seeds.ts';
import { releaseSeeds } from '../../scripts/release-seeds.ts';

/**
 * The root of the repository. The tests check that it has the evidence that docs/evidence.md names, and that its counts
 * match those of the page.
 */
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

test.each([
  ['0.9', 'controller'],
  ['0.10', 'controller-0.10'],
] as const)('the page has the number of scenarios of the level %s', (level, suite) => {
  const counts = [...page.matchAll(/(\d+) of (\d+) (?:scenarios pass )?at the level ([\d.]*\d)/g)];
  const [, passed, all] = counts.find(([, , , of]) => of === level) ?? [];
  const scenarios = String(recordedCases(suite).length);
  expect([passed, all]).toEqual([scenarios, scenarios]);
});

test.each(['docs/evidence.md', 'docs/security-self-assessment.md'])('%s states a true count of mutations', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const least = Number(/more than (\d+) changes/.exec(text)?.[1]);
  expect(MUTATIONS.length).toBeGreaterThan(least);
  expect(text).toMatch(/[Tt]hree (?:of them|that) change no\s+behaviour/);
  expect(Object.keys(SURVIVORS)).toHaveLength(3);
});

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

const pageOf = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8').replace(/\s+/g, ' ');
const unproved = pageOf('evidence.md').split('## What has no proof yet')[1]?.split('## What can go wrong')[0] ?? '';

test('the largest measured fleet on the page is the largest measured fleet of docs/scale.md', () => {
  const sizes = [...pageOf('scale.md').matchAll(/\| (\d+) instances × \d+ \| measured|\| (\d+) instances × \d+: all/g)];
  const largest = Math.max(...sizes.map(([, table, row]) => Number(table ?? row)));
  expect(unproved).toContain(`Fleets of more than ${largest.toLocaleString('en')} instances are computed`);
});

test('a switch from a version of kro to TypeKro either has a row in docs/takeover.md, or the page lists it as not measured', () => {
  const measured = pageOf('takeover.md').matchAll(/\| kro (\d+\.\d+)\.\d+, TypeKro at the level/g);
  const rows = [...new Set([...measured].map(([, level]) => level))];
  const open = [...unproved.matchAll(/change from kro (\d+\.\d+)/g)].map(([, level]) => level);
  expect(open.length + rows.length).toBe(2);
  expect(open.filter((level) => rows.includes(level))).toEqual([]);
});

test('the pages state the same idle memory for Node 24', () => {
  const figures = pageOf('controller-figures.md');
  const [, least, most] = /memory at rest is (\d+) to (\d+) MB, and misses/.exec(figures) ?? [];
  const rows = [
    /\| memory after start, at rest \| [^|]* \| \d+, ([\d.]+) MB \|/,
    /\| Node 24\.21, 1000 instances at rest \| ([\d.]+) \|/,
  ].map((row) => Math.round(Number(row.exec(figures)?.[1])));
  expect(Math.min(...rows)).toBeGreaterThanOrEqual(Number(least));
  expect(Math.max(...rows)).toBe(Number(most));
  expect(pageOf('evidence.md')).toContain(`which the image runs: ${least} to ${most} MB at rest`);
  expect(pageOf('scale.md')).toContain(`it takes ${least} to ${most} MB at rest`);
});

/** The number of non-empty lines in the `.jsonl` files of a folder. */
const linesOf = (folder: string): number =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(ROOT, folder, name), 'utf8').split('\n'))
    .filter((line) => line.trim() !== '').length;

const jsonOf = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

test('the page has the number of CEL cases', () => {
  const spec = linesOf('test/conformance/cel-spec').toLocaleString('en');
  const recorded = linesOf('test/conformance/cel').toLocaleString('en');
  const different = Object.keys(CEL_SPEC_DEVIATIONS).length;
  expect(page).toContain(`${spec} vectors of the CEL specification, of which ${different} differ`);
  expect(page).toContain(`${recorded} recorded answers`);
});

test('the page has the number of Kubernetes conformance specs per status', () => {
  const { specs } = jsonOf('test/conformance/kubernetes.json') as { specs: readonly { readonly status: string }[] };
  const count = (status: string) => specs.filter((spec) => spec.status === status).length;
  const [passes, containers, differs] = [count('passes'), count('needs-containers'), count('differs')];
  expect(passes + containers + differs).toBe(specs.length);
  expect(page).toContain(
    `of ${specs.length} conformance specs of Kubernetes 1.36, ${passes} pass, ${containers} need containers and ${differs} differs`,
  );
});

test('each number of seeds on the page is the number in the budgets', () => {
  const budgets = jsonOf('test/budgets.json') as Readonly<Record<string, Budget>>;
  const [definitions, graphs] = [budgets['simulationSeeds'], budgets['simulationGraphSeeds']];
  const number = (value: number | undefined) => value?.toLocaleString('en');
  const counts = [
    ...page.matchAll(
      /([\d,]+) seeds of definitions and ([\d,]+) of Graphs in [^,]*, in [^,\d]* ([\d,]+) of the ([\d,]+) seeds of definitions and ([\d,]+) of the ([\d,]+) of Graphs/g,
    ),
  ];
  expect(counts).toHaveLength(2);
  for (const [, ...found] of counts) {
    expect(found).toEqual(
      [definitions?.test, graphs?.test, definitions?.long, definitions?.full, graphs?.long, graphs?.full].map(number),
    );
  }
});

/** The seeds of one kind of story in the table of defects of `docs/simulation.md`. */
function seedsOfDefects(kind: keyof typeof FORMER_SEEDS): number[] {
  const table = pageOf('simulation.md').split('## Defects that it found')[1]?.split(' ## ')[0] ?? '';
  return [...table.matchAll(/(graph )?seeds? (\d+)(?: and (\d+))?/g)]
    .filter(([, graph]) => (graph === undefined ? 'definitions' : 'graphs') === kind)
    .flatMap(([, , ...seeds]) => seeds.filter((seed) => seed !== undefined).map(Number))
    .toSorted((left, right) => left - right);
}

test.each(['definitions', 'graphs'] as const)('each seed of %s that found a defect runs again', (kind) => {
  expect(seedsOfDefects(kind)).toEqual(FORMER_SEEDS[kind]);
});

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

test('the list for a reviewer has the number of reports and of fuzz targets', () => {
  const rowsAfter = (heading: string, row: RegExp) =>
    (page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').match(row);
  const reports = rowsAfter("Reports of kro's users", /^\| \[#/gm)?.length;
  const bad = rowsAfter("Reports of kro's users", /\*\*Still bad\*\*/g)?.length;
  const targets = rowsAfter('Fuzzing', /^\| `[a-z-]+` \|/gm)?.length;
  expect(targets).toBe(readdirSync(join(ROOT, 'test/fuzz/corpus')).length);
  expect(page).toContain(`| ${reports} rows, by a criterion that the page states; ${bad} of them are still bad here`);
  expect(page).toContain(`| ${targets} targets;`);
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

/** The number of scalar values in a JSON value. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + valuesIn(member), 0);
}

/** The steps of a scenario that record a checkpoint. */
function checkpointsIn(value: unknown): { readonly messages?: boolean }[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.hasOwn(value, 'record') ? [value as { readonly messages?: boolean }] : [];
  return [...own, ...Object.values(value).flatMap(checkpointsIn)];
}

test.each([
  ['0.9', 'controller'],
  ['0.10', 'controller-0.10'],
] as const)('the page states which part of the recordings of the level %s is compared', (level, suite) => {
  const cases = recordedCases(suite).map(
    ({ line }) =>
      JSON.parse(line) as { readonly steps: unknown; readonly checkpoints: Readonly<Record<string, unknown>> },
  );
  const checkpoints = cases.flatMap((each) => Object.values(each.checkpoints)) as readonly {
    readonly contract: unknown;
    readonly info: unknown;
  }[];
  const loose = valuesIn(checkpoints.map(({ info }) => info));
  const all = loose + valuesIn(checkpoints.map(({ contract }) => contract));
  const records = cases.flatMap(({ steps }) => checkpointsIn(steps));
  const withMessages = records.filter(({ messages }) => messages === true).length;
  expect(pageOf('evidence.md')).toContain(
    `| ${level} | ${loose.toLocaleString('en')} of ${all.toLocaleString('en')} | ${withMessages} of ${records.length} |`,
  );
});

test('the page has the number of kro 0.10 rules per source', () => {
  const { cases } = jsonOf('test/conformance/kro-0.10/cases.json') as {
    readonly cases: readonly { readonly status: string; readonly source: string }[];
  };
  const ofStatus = (status: string) => cases.filter((each) => each.status === status).length;
  const dated = cases.filter(({ source }) => /@[0-9a-f]{7}/.test(source)).length;
  expect(page).toContain(
    `${cases.length} rules of kro's code, tests and documentation: ${dated} name one of ten commits, ` +
      `${ofStatus('derived')} are derived from the code, ${ofStatus('superseded')} is superseded`,
  );
});
