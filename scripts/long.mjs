/**
 * What is too slow for `npm test`: the tests whose size is a matter of budget (`test/budgets.json`) at their full
 * counts (recordings, generated programs, simulation), which `npm test` runs with the small ones; the tests of
 * foreign clients (kubectl, helm, client-go, Python), which `npm test` skips where the clients are not built yet;
 * the Dockerfile's steps, whose result serves a definition; then a sample of the list of mutations, the recorded
 * scenarios of a controller, the hosts, and the package alchemy. `npm run long -- hosts [--installed]` and
 * `npm run long -- alchemy` run the last two alone.
 */
import { main, runNode } from './run.mjs';

const TESTS = ['test/property', 'test/simulation', 'test/e2e/clients', 'test/image'];

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
  await runNode(['scripts/run-ts.mjs', 'scripts/clients.ts']);
  await runNode(['node_modules/vitest/vitest.mjs', 'run', ...TESTS, '--passWithNoTests'], {
    env: { ...process.env, TYPEKRO_BUDGET: 'long' },
  });
  // Another sample each day; `npm run mutations -- --seed N` runs it again.
  const seed = String(Math.floor(Date.now() / 86_400_000));
  await runNode(['scripts/run-ts.mjs', 'scripts/mutations.ts', '--seed', seed]);
  await runNode(['--import', 'tsx', 'scripts/conformance.ts', 'controller']);
  const engine = 'test/conformance/controller-0.10';
  await runNode(['--import', 'tsx', 'scripts/conformance.ts', 'controller', engine, '--level', '0.10']);
  await runNode(['scripts/hosts.mjs']);
  await runNode(['scripts/alchemy.mjs']);
});
