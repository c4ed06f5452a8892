/**
 * The configuration of Stryker for the source files of one package. `scripts/mutations.ts` sets the variables:
 * TYPEKRO_PACKAGE, the package whose tests run, and TYPEKRO_MUTATED, the files, as JSON.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export default {
  testRunner: 'vitest',
  plugins: [require.resolve('@stryker-mutator/vitest-runner')],
  vitest: { configFile: 'test/mutations/vitest.config.ts', related: true },
  mutate: JSON.parse(process.env.TYPEKRO_MUTATED ?? '[]'),
  // The tests of a package read its own files, fixtures and data. All else would only be copied.
  ignorePatterns: ['/dist', '/site', '/api', '/editors', '/test/*/node_modules', '/bench/node_modules', '/.typekro'],
  tempDirName: '.typekro/mutations',
  coverageAnalysis: 'perTest',
  concurrency: 2,
  reporters: ['clear-text'],
  clearTextReporter: { reportTests: false, allowColor: false },
};
