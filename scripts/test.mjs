/**
 * Runs the tests that a change needs (`scripts/affected.mjs`), or with arguments those that vitest finds for them.
 * `TYPEKRO_ALL=1 npm test` runs all tests.
 */
import { affected } from './affected.mjs';
import { main, runNode } from './run.mjs';

const words = process.argv.slice(2);
const selected = words.length > 0 ? { paths: words } : affected();
await main(async () => {
  if (selected?.paths.length === 0) return console.log('Nothing that a test covers has changed.\n\n0 passed, 0 failed');
  return runNode(['node_modules/vitest/vitest.mjs', 'run', ...(selected?.paths ?? [])]);
});
