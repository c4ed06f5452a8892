import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/{conformance,property,simulation,e2e,package}/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // On two cores the default is one worker, which waits half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
