import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of hosts are not part of `npm test`, because they take minutes and need installed hosts. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/hosts/*.test.ts'],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The tests start hundreds of processes, and on a busy machine about one process in thousands hangs. Therefore a
    // failed test runs again. A test that finds a defect fails both times.
    retry: 1,
  },
});
