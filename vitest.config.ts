import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import longOnly from './test/long-only.json' with { type: 'json' };
import { isLongRun } from './test/support/budget.ts';

/**
 * Tests that run in the process of their worker. Their files share the modules of the worker: the imports of a file are
 * more than its tests, and a process for each file takes three fifths of the processor's time.
 */
const SHARED = ['src/**/*.test.{ts,tsx}', 'test/{conformance,mutations,property,simulation}/**/*.test.ts'];
/**
 * Tests that replace modules of the package. A shared worker can have loaded these modules for other tests. Those of the
 * commands replace the start of a process (`test/support/named-clusters.ts`).
 */
const MOCKED = ['src/**/*.mocked.test.{ts,tsx}', 'src/cli/commands/{cluster,cluster-*,stand-ins}.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: SHARED, exclude: [...configDefaults.exclude, ...MOCKED], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          // V8 counts the blocks of all modules of a process, so the tests of the fuzzer need processes of their own.
          include: ['test/{browser,e2e,fuzz,package,image,site}/**/*.test.ts', ...MOCKED],
          exclude: [...configDefaults.exclude, ...(isLongRun() ? [] : longOnly.files)],
        },
      },
    ],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    // A whole run on a shared machine tries a failed test again; its end names each such test as flaky.
    retry: process.env['TYPEKRO_RETRY'] === '1' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A page on a busy machine may take longer than the default of one second.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // On two cores the default is one worker, which waits half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
