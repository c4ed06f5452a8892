/**
 * Prints the evidence of a release as JSON: `node scripts/release-evidence.mjs [LOG]`. It names the commit, the versions,
 * and the counts of the tests that the release workflow runs before it publishes. The workflow attaches it to the release.
 * LOG is the output of `npm test`: its last line has the numbers of passed, failed and skipped tests. Without LOG the
 * evidence has no results, and says so.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (path) => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));

function commit() {
  const { status, stdout, stderr, error } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`git rev-parse ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** The results of a run, from the closing line of its output (`test/support/closing-line-reporter.ts`). */
function resultsOf(log) {
  if (log === undefined) return 'not known: this file was made without the output of a run';
  const lines = [...readFileSync(log, 'utf8').matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)];
  const [, passed, failed, skipped = '0'] = lines.at(-1) ?? [];
  if (passed === undefined) throw new Error(`${log} has no line "N passed, N failed"`);
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

const { name, version } = json('package.json');
const budgets = json('test/budgets.json');
const { release, specs } = json('test/conformance/kubernetes.json');
const statuses = new Set(specs.map(({ status }) => status));

const evidence = {
  package: `${name}@${version}`,
  commit: commit(),
  node: process.versions.node,
  v8: process.versions.v8,
  command: 'npm test',
  results: resultsOf(process.argv[2]),
  seeds: {
    definitions: { from: 1, to: budgets.simulationSeeds.test },
    graphs: { from: 1, to: budgets.simulationGraphSeeds.test },
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
