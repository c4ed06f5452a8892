import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a test run with the line `N passed, N failed`, and `, N skipped` when tests were skipped. A script that reads
 * the output can rely on this line without knowledge of the test runner.
 *
 * A file that fails to load counts as one failure, because its tests did not run.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    let skipped = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'skipped') skipped += 1;
        else failed += 1;
      }
    }
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    process.stdout.write(`\n${passed} passed, ${failed} failed${tail}\n`);
  }
}
