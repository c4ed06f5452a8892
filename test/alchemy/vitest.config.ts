import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The package alchemy is tried apart from `npm test`: it has to be installed first. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/alchemy/*.test.ts'],
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
