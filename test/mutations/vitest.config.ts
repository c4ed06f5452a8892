import { defineConfig } from 'vitest/config';

/** The tests of the package that Stryker mutates. */
export default defineConfig({
  test: { include: [`packages/${process.env['TYPEKRO_PACKAGE'] ?? '*'}/src/**/*.test.{ts,tsx}`], pool: 'forks' },
});
