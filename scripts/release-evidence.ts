/**
 * Prints the evidence of a release as JSON: `node scripts/run-ts.mjs scripts/release-evidence.ts [LOG [LIVES]]`. The
 * evidence consists of the commit, the versions, and the results of the tests that the release workflow runs before
 * publishing. The workflow attaches the evidence to the release. LOG is the output of `npm test`: its last line has the
 * numbers of passed, failed and skipped tests. LIVES is the output of `scripts/release-lives.ts`. `release-lives.ts`
 * runs the simulation with the former seeds, which once found a defect, and with the fresh seeds of this version. When
 * a file is not given, the evidence says that these results are not known.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FORMER_SEEDS } from '../test/simulation/former-seeds.ts';
import type { Budget } from '@typekro/kit/test-support/budget';
import { type SeedBudgets, releaseSeeds } from './release-seeds.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (path: string): unknown => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));

function commit(): string {
  const { status, stdout, stderr, error } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`git rev-parse ended with ${status}: ${stderr}`);
  return stdout.trim();
}

const UNKNOWN = 'not known: this file was made without the output of a run';

/** The results of a run of tests, from the closing line of its output (`test/support/closing-line-reporter.ts`). */
function resultsOf(log: string | undefined) {
  if (log === undefined) return UNKNOWN;
  const lines = [...readFileSync(log, 'utf8').matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)];
  const [, passed, failed, skipped = '0'] = lines.at(-1) ?? [];
  if (passed === undefined) throw new Error(`${log} has no line "N passed, N failed"`);
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

/**
 * The number of fresh seeds whose simulation failed. The output of each process of the simulation ends with the line "N
 * failed".
 */
function livesOf(log: string | undefined) {
  if (log === undefined) return UNKNOWN;
  const lines = [...readFileSync(log, 'utf8').matchAll(/^(\d+) failed$/gm)];
  if (lines.length === 0) throw new Error(`${log} has no line "N failed"`);
  return { failed: lines.reduce((sum, [, failed]) => sum + Number(failed), 0) };
}

const { name, version } = json('package.json') as { readonly name: string; readonly version: string };
const budgets = json('test/budgets.json') as Readonly<Record<string, Budget>> &
  Readonly<Record<keyof SeedBudgets, Budget>>;
const { release, specs } = json('test/conformance/kubernetes.json') as {
  readonly release: string;
  readonly specs: readonly { readonly status: string }[];
};
const statuses = new Set(specs.map(({ status }) => status));
const [log, lives] = process.argv.slice(2);

const evidence = {
  package: `${name}@${version}`,
  commit: commit(),
  node: process.versions.node,
  v8: process.versions.v8,
  command: 'npm test',
  results: resultsOf(log),
  // `npm test` runs the seeds in `tests`, and `scripts/release-lives.ts` runs all other seeds.
  seeds: {
    tests: {
      definitions: { from: 1, to: budgets.simulationSeeds.test },
      graphs: { from: 1, to: budgets.simulationGraphSeeds.test },
    },
    former: { ...FORMER_SEEDS, results: resultsOf(lives) },
    fresh: { ...releaseSeeds(version, budgets), results: livesOf(lives) },
  },
  counts: Object.fromEntries(Object.entries(budgets).map(([key, { test }]) => [key, test])),
  kubernetes: {
    release,
    specs: Object.fromEntries(
      [...statuses].map((status) => [status, specs.filter((spec) => spec.status === status).length]),
    ),
  },
};
console.log(JSON.stringify(evidence, undefined, 2));
