import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/{conformance,mutations,property,simulation,e2e,package,image}/**/*.test.ts'],
    // Installs the dependencies anew and builds: `npm run long` alone does it.
    exclude: [
      ...configDefaults.exclude,
      ...(process.env['TYPEKRO_BUDGET'] === 'long' ? [] : ['test/image/image.test.ts']),
    ],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // On two cores the default is one worker, which waits half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
