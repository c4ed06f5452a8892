import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a test run with the line `N passed, N failed`, and `, N skipped` when tests were skipped. A script can read this
 * line without knowing the format of the test runner.
 *
 * A file that fails to load counts as one failure, because its tests did not run. Above the closing line, a line
 * `failed: FILE > TEST` names each failure, so that the end of a long output lists the failures. A line
 * `flaky: FILE > TEST` names each test that passed only at its second attempt.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    const failed: string[] = [];
    const flaky: string[] = [];
    let skipped = 0;
    for (const module of modules) {
      if (module.errors().length > 0) failed.push(module.relativeModuleId);
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that is expected to fail is not flaky, although vitest also retries it.
        if (test.diagnostic()?.flaky === true && test.options.fails !== true)
          flaky.push(`${module.relativeModuleId} > ${test.fullName}`);
        if (state === 'passed') passed += 1;
        else if (state === 'skipped') skipped += 1;
        else failed.push(`${module.relativeModuleId} > ${test.fullName}`);
      }
    }
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    // The title of a table row can contain a line feed.
    const print = (what: string) => (name: string) => process.stdout.write(`\n${what}: ${name.replaceAll('\n', ' ')}`);
    flaky.forEach(print('flaky'));
    failed.forEach(print('failed'));
    process.stdout.write(`\n${passed} passed, ${failed.length} failed${tail}\n`);
  }
}
