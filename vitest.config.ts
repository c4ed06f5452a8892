import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import longOnly from './test/long-only.json' with { type: 'json' };
import { isLongRun } from './packages/kit/test-support/budget.ts';

/**
 * Test files that run in the process of their worker and share its modules. The imports of a file take longer than its
 * tests, and a process per file would take three fifths of the processor time.
 */
const SHARED = [
  'packages/**/*.test.{ts,tsx}',
  'test/{conformance,integration,mutations,property,simulation}/**/*.test.ts',
];
/**
 * Tests that mock modules of the package. They need separate processes, because a shared worker may have loaded the
 * modules for other tests. The tests of the commands mock the start of a process (`packages/cli/test-support/named-clusters.ts`).
 */
const MOCKED = [
  'packages/**/*.mocked.test.{ts,tsx}',
  'packages/cli/src/commands/{cluster,cluster-*,stand-ins}.test.ts',
];

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
          // The tests of the fuzzer need separate processes, because V8 counts the code blocks of all modules of a
          // process.
          include: ['test/{browser,e2e,fuzz,package,image,site}/**/*.test.ts', ...MOCKED],
          exclude: [...configDefaults.exclude, ...(isLongRun() ? [] : longOnly.files)],
        },
      },
    ],
    globalSetup: './test/support/temporary-files.ts',
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    // With TYPEKRO_RETRY=1, for a whole run on a shared machine, a failed test runs again. The end of the output names
    // each such test as flaky.
    retry: process.env['TYPEKRO_RETRY'] === '1' ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // On a busy machine, a page may need more time than the default of one second.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // With two cores, the default is one worker, which would wait half of its time for processes that tests start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
