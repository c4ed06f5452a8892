/**
 * The tests whose size is a matter of budget (`test/budgets.json`), at their full counts: recordings,
 * generated programs, simulation. `npm test` runs the same files with the small counts. Then the hosts.
 */
import { main, runNode } from './run.mjs';

await main(async () => {
  await runNode(['node_modules/vitest/vitest.mjs', 'run', 'test/property', 'test/simulation', '--passWithNoTests'], {
    env: { ...process.env, TYPEKRO_BUDGET: 'long' },
  });
  await runNode(['scripts/hosts.mjs']);
});
