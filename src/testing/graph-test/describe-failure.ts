import type { JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import type { Mismatch, TestFailure, TestPath } from './model.ts';

/** The colours of the lines of a failure: green for the expected value, red for the received one. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** No colours. */
export const PLAIN: Paint = { good: (text) => text, bad: (text) => text, faint: (text) => text };

/**
 * The unmet expectations, the time, and the waiting nodes. Each cause is printed once, at its first expectation.
 * `placeOf` returns the place of a value of the test in words.
 */
export function failureLines(failure: TestFailure, placeOf: (at: TestPath) => string, paint: Paint = PLAIN): string[] {
  const printed = new Set<string>();
  const lines = failure.mismatches.flatMap((mismatch) => {
    const { because } = mismatch;
    const isNew = because !== undefined && !printed.has(because);
    if (isNew) printed.add(because);
    return [...mismatchLines(mismatch, placeOf(mismatch.at), paint), ...(isNew ? [`     because   ${because}`] : [])];
  });
  return [...lines, ...whenLines(failure, printed)];
}

function mismatchLines({ subject, expected, received }: Mismatch, place: string, paint: Paint): string[] {
  return [
    `     ${subject}  ${paint.faint(place)}`,
    `     expected  ${paint.good(valueText(expected))}`,
    `     received  ${paint.bad(received === undefined ? 'nothing' : valueText(received))}`,
  ];
}

function whenLines({ step, atMs, waiting }: TestFailure, told: ReadonlySet<string>): string[] {
  const when = step < 0 ? 'at the start' : `after step ${step + 1}`;
  return [
    `     when      ${when}, at t=${atMs / 1000}s`,
    ...waiting
      .filter((text) => !told.has(text))
      .map((text, index) => `     ${index === 0 ? 'waiting ' : '        '}  ${text}`),
  ];
}

/** A value on one line, or on several lines when it is long. */
function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value.split('\n').join('\n               ');
  if (Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string'))
    return value.join(', ');
  const text = stringifyJson(value);
  return text.length <= 100 ? text : stringifyJson(value, 2).split('\n').join('\n               ');
}
