import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of hosts are not part of `npm test`, because the hosts have to be installed and the tests take minutes. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/hosts/*.test.ts'],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The rows start hundreds of processes, and one process of thousands has hung on a busy machine. A row that fails
    // therefore runs again. A row with a defect fails both times.
    retry: 1,
  },
});
