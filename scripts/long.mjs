/**
 * The tests whose size is a matter of budget (`test/budgets.json`), at their full counts: recordings,
 * generated programs, simulation. `npm test` runs the same files with the small counts.
 */
import { main, runNode } from './run.mjs';

await main(() =>
  runNode(['node_modules/vitest/vitest.mjs', 'run', 'test/property', 'test/simulation', '--passWithNoTests'], {
    env: { ...process.env, TYPEKRO_BUDGET: 'long' },
  }),
);
