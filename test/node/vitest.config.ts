import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of the real node, which `npm run long -- node` runs. All files use the same node, one after another. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/node/*.test.ts'],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['verbose', './test/support/closing-line-reporter.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
  },
});
