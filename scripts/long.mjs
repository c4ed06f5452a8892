/**
 * Runs the tests that are too slow for `npm test`:
 *
 * - generated programs and simulations with the full counts of `test/budgets.json`; `npm test` uses the small counts
 * - the messages for mistakes in programs; each program runs in a process of its own
 * - the tests of clients (kubectl, helm, client-go, Python), which `npm test` skips when a client is not built
 * - the first pages of the documentation, with the packed package
 * - controllers that take over from each other while 200 instances are edited
 * - one suite of controller-runtime, each day another one; `TYPEKRO_SUITES=all npm run long` runs all
 * - the steps of the Dockerfile, whose result serves a definition
 * - a day of simulated time in one story, whose heap must not grow: each day another seed, with one process or with two
 * - a sample of the mutations
 * - the recorded scenarios of a controller
 * - the hosts, also alone by `npm run long -- hosts [--installed]`
 * - the package alchemy, also alone by `npm run long -- alchemy`
 */
import { readFileSync } from 'node:fs';
import { main, runNode } from './run.mjs';

const TESTS = [
  'test/property',
  'test/simulation',
  'test/e2e/clients',
  'test/e2e/mistakes',
  'test/e2e/start-pages.test.ts',
  'test/e2e/fleet-handover.test.ts',
  'test/image',
];

const SUITES = new URL('../test/e2e/clients/suites.json', import.meta.url);

const [part, ...flags] = process.argv.slice(2);
const PARTS = ['hosts', 'alchemy'];
if (part !== undefined && !PARTS.includes(part)) {
  console.error(`usage: npm run long [-- ${PARTS.join('|')}]`);
  process.exit(2);
}

await main(async () => {
  if (part !== undefined) {
    await runNode(['scripts/setup.mjs']);
    return runNode([`scripts/${part}.mjs`, ...flags]);
  }
  // Each day has another suite and another sample. `npm run mutations -- --seed N` runs a sample again.
  const day = Math.floor(Date.now() / 86_400_000);
  const suites = Object.keys(JSON.parse(readFileSync(SUITES, 'utf8')).suites);
  const env = { TYPEKRO_SUITES: suites[day % suites.length], ...process.env, TYPEKRO_BUDGET: 'long' };
  await runNode(['scripts/run-ts.mjs', 'scripts/clients.ts'], { env });
  await runNode(['node_modules/vitest/vitest.mjs', 'run', ...TESTS, '--passWithNoTests'], { env });
  const seed = String(day);
  const sample = ['--hours', '24', '--limit', '5', '--seed', seed, '--processes', String(1 + (day % 2))];
  await runNode(['scripts/run-ts.mjs', 'bench', 'simulated-days', ...sample]);
  await runNode(['scripts/run-ts.mjs', 'scripts/mutations.ts', '--seed', seed]);
  await runNode(['--import', 'tsx', 'scripts/conformance.ts', 'controller']);
  const engine = 'test/conformance/controller-0.10';
  await runNode(['--import', 'tsx', 'scripts/conformance.ts', 'controller', engine, '--level', '0.10']);
  await runNode(['scripts/hosts.mjs']);
  await runNode(['scripts/alchemy.mjs']);
});
