import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Tests that run in the process of their worker. Their files share the modules of the worker: the imports of a file are
 * more than its tests, and a process for each file takes three fifths of the processor's time.
 */
const SHARED = ['src/**/*.test.{ts,tsx}', 'test/{conformance,mutations,property,simulation}/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: {
          name: 'alone',
          // V8 counts the blocks of all modules of a process, so the tests of the fuzzer need processes of their own.
          include: ['test/{browser,e2e,fuzz,package,image,site}/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            // `npm run long` alone installs the dependencies again and builds, and edits 200 instances.
            ...(process.env['TYPEKRO_BUDGET'] === 'long'
              ? []
              : ['test/image/image.test.ts', 'test/e2e/fleet-handover.test.ts']),
          ],
        },
      },
    ],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A page on a busy machine may take longer than the default of one second.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // On two cores the default is one worker, which waits half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
