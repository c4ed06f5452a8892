import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests that need the package alchemy are not part of `npm test`, because the package must be installed first. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/alchemy/*.test.ts'],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // As in the main configuration: a whole run tries a failed test again, and names it as flaky.
    retry: process.env['TYPEKRO_RETRY'] === '1' ? 1 : 0,
  },
});
