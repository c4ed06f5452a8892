/**
 * The tests whose size is a matter of budget (`test/budgets.json`), at their full counts: recordings,
 * generated programs, simulation. `npm test` runs the same files with the small counts.
 */
import { CommandFailed, runNode } from './run.mjs';

try {
  await runNode(['node_modules/vitest/vitest.mjs', 'run', 'test/property', 'test/simulation', '--passWithNoTests'], {
    env: { ...process.env, TYPEKRO_BUDGET: 'long' },
  });
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  process.exit(1);
}
