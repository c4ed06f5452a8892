import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Rooms without state and effects. Their tests share the modules of a worker, which import more than they test: without
 * a process for each file they take two fifths of the processor's time.
 */
const PURE = ['src/{golang,kubernetes,cel,schema,graph,runtime,readiness}/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'other',
          include: [
            'src/**/*.test.ts',
            'test/{conformance,mutations,property,simulation,e2e,package,image}/**/*.test.ts',
          ],
          exclude: [
            ...configDefaults.exclude,
            ...PURE,
            // Installs the dependencies again and builds: `npm run long` alone does it.
            ...(process.env['TYPEKRO_BUDGET'] === 'long' ? [] : ['test/image/image.test.ts']),
          ],
        },
      },
    ],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // On two cores the default is one worker, which waits half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
