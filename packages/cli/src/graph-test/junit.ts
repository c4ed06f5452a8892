import { failureLines, firstOfEachInvariant, shownValue } from '@typekro/testing';
import { xmlText } from '@typekro/app/text';
import { faultCases } from './fault-report.ts';
import { snapshotLines } from './text-report.ts';
import type { TestFileResult, TestResult } from './run-test-file.ts';

/** Prints test results as JUnit XML: one suite per file, one case per test, and one case per error of a file. */
export function testJunitText(files: readonly TestFileResult[], filter?: string): string {
  const suites = files
    .filter(({ foreign }) => foreign !== true)
    .flatMap(({ file, name, results, skipped, diagnostics, faults }) => {
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      const lives = faults === undefined ? [] : faultCases(faults, { file, name, filter });
      const broken = faults === undefined ? 0 : firstOfEachInvariant(faults.failures).length;
      const failed = results.filter(({ failure }) => failure !== undefined).length + broken;
      const tests = errors.length + results.length + skipped.length + lives.length;
      const counts = `tests="${tests}" failures="${failed}" errors="${errors.length}" skipped="${skipped.length}"`;
      return [
        `  <testsuite name="${xmlText(name)}" file="${xmlText(file)}" ${counts}>`,
        ...errors.map(({ message, source, code }) => {
          const place = source === undefined ? '' : `:${source.line}:${source.column}`;
          const error = `<error message="${xmlText(`${message} [${code}]`)}"/>`;
          return `    <testcase classname="${xmlText(name)}" name="${xmlText(`${file}${place}`)}">${error}</testcase>`;
        }),
        ...results.map((result) => testCase(name, file, result)),
        ...lives,
        ...skipped.map(
          (each) => `    <testcase classname="${xmlText(name)}" name="${xmlText(each)}"><skipped/></testcase>`,
        ),
        '  </testsuite>',
      ];
    });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="typekro test">',
    ...suites,
    '</testsuites>',
  ].join('\n');
}

function testCase(
  suite: string,
  file: string,
  { name, fullName, milliseconds, failure, position }: TestResult,
): string {
  const head = `    <testcase classname="${xmlText(suite)}" name="${xmlText(name)}" time="${(milliseconds / 1000).toFixed(3)}"`;
  if (failure === undefined) return `${head}/>`;
  const [first] = failure.mismatches;
  const message =
    first === undefined
      ? ''
      : `${first.subject}: expected ${shownValue(first.expected)}, received ${shownValue(first.received)}`;
  const place = (at: Parameters<TestResult['position']>[0]) => {
    const { line, column } = position(at);
    return `${file}:${line}:${column}`;
  };
  const all = [...failureLines(failure, place), ...snapshotLines(failure, file, fullName)];
  const lines = all.map((line) => line.trim());
  return `${head}><failure message="${xmlText(message)}">${xmlText(lines.join(' | '))}</failure></testcase>`;
}
