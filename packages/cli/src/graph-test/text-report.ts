import { type Paint, type TestFailure, failureLines } from '@typekro/testing';
import { printableLine, shellWord } from '@typekro/app/text';
import type { TestResult } from './run-test-file.ts';

const NAME_WIDTH = 64;

/**
 * Formats the result of a test as one line. For a failed test, adds the mismatches and a command that runs the test
 * again.
 */
export function resultLines(
  { fullName, milliseconds, failure, position }: TestResult,
  file: string,
  paint: Paint,
): string[] {
  const mark = failure === undefined ? paint.good('✓') : paint.bad('✗');
  const head = ` ${mark} ${printableLine(fullName).padEnd(NAME_WIDTH)}  ${paint.faint(`${Math.round(milliseconds)} ms`)}`;
  if (failure === undefined) return [head];
  return [
    head,
    ...failureLines(
      failure,
      (at) => {
        const { line, column } = position(at);
        return `${file}:${line}:${column}`;
      },
      paint,
    ),
    ...snapshotLines(failure, file, fullName),
    `     replay    typekro test ${shellWord(file)} -t ${shellWord(fullName)}`,
  ];
}

/** The command that stores a missing or differing snapshot. */
export function snapshotLines({ mismatches }: TestFailure, file: string, fullName: string): string[] {
  const ofSnapshot = mismatches.filter(({ at }) => at.at(-1) === 'snapshot');
  if (ofSnapshot.length === 0) return [];
  const isMissing = ofSnapshot.some(({ subject, received }) => subject === 'snapshot' && received === undefined);
  const command = `typekro test ${shellWord(file)} -t ${shellWord(fullName)} --update`;
  return [`     snapshot  ${isMissing ? 'store it' : 'if the difference is wanted'}: ${command}`];
}

/** The numbers of tests that passed, failed and did not run. */
export interface TestSum {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `38 passed, 1 failed  0.9 s`, or `no test ran  0.1 s`. */
export function sumLine({ passed, failed, skipped }: TestSum, milliseconds: number): string {
  const parts = [
    passed + failed === 0 ? 'no test ran' : `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} left out`] : []),
  ];
  return ` ${parts.join(', ')}  ${(milliseconds / 1000).toFixed(1)} s`;
}
