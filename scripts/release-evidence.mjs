/**
 * Prints the evidence of a release as JSON: `node scripts/release-evidence.mjs`. It names the commit, the versions, and
 * the counts of the tests that the release workflow runs before it publishes. The workflow attaches it to the release.
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
