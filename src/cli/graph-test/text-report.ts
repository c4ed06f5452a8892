import type { JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import type { Mismatch, TestFailure } from '../../testing/index.ts';
import { shellWord } from '../shell-word.ts';
import type { TestResult } from './run-test-file.ts';

/** How lines are painted: green for what is well, red for what is not. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

const NAME_WIDTH = 64;

/** The lines of a test: one when it passed, and what is not as expected. */
export function resultLines(
  { fullName, milliseconds, failure, position }: TestResult,
  file: string,
  paint: Paint,
): string[] {
  const mark = failure === undefined ? paint.good('✓') : paint.bad('✗');
  const head = ` ${mark} ${fullName.padEnd(NAME_WIDTH)}  ${paint.faint(`${Math.round(milliseconds)} ms`)}`;
  if (failure === undefined) return [head];
  return [
    head,
    ...failure.mismatches.flatMap((mismatch) => {
      const { line, column } = position(mismatch.at);
      return mismatchLines(mismatch, `${file}:${line}:${column}`, paint);
    }),
    ...whenLines(failure),
    `     replay    typekro test ${shellWord(file)} -t ${shellWord(fullName)}`,
  ];
}

function mismatchLines({ subject, expected, received, because }: Mismatch, place: string, paint: Paint): string[] {
  return [
    `     ${subject}  ${paint.faint(place)}`,
    `     expected  ${paint.good(valueText(expected))}`,
    `     received  ${paint.bad(received === undefined ? 'nothing' : valueText(received))}`,
    ...(because === undefined ? [] : [`     because   ${because}`]),
  ];
}

function whenLines({ step, atMs, waiting }: TestFailure): string[] {
  const when = step < 0 ? 'at the start' : `after step ${step + 1}`;
  return [
    `     when      ${when}, at t=${atMs / 1000}s`,
    ...waiting.map((text, index) => `     ${index === 0 ? 'waiting ' : '        '}  ${text}`),
  ];
}

/** A value on one line, or on lines of its own where it is long. */
function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value.split('\n').join('\n               ');
  if (Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string'))
    return value.join(', ');
  const text = stringifyJson(value);
  return text.length <= 100 ? text : stringifyJson(value, 2).split('\n').join('\n               ');
}

/** `38 passed, 1 failed  0.9 s`. */
export function sumLine(passed: number, failed: number, skipped: number, milliseconds: number): string {
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} left out`] : []),
  ];
  return ` ${parts.join(', ')}  ${(milliseconds / 1000).toFixed(1)} s`;
}
