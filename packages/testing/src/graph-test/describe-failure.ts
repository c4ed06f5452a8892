import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import type { Mismatch, TestFailure, TestPath } from './steps.ts';
import { shownValue } from './value-text.ts';

/** The colours in the lines of a failure: green for the expected value, red for the received value. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** No colours. */
export const PLAIN: Paint = { good: (text) => text, bad: (text) => text, faint: (text) => text };

/**
 * The lines about a failure: the unmet expectations, the time, and the waiting nodes. A cause of several unmet
 * expectations is printed once, at the first of them. `placeOf` describes the position of a value in the test.
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
    `     expected  ${paint.good(fittedText(expected))}`,
    `     received  ${paint.bad(fittedText(received))}`,
  ];
}

function whenLines({ step, atMs, waiting }: TestFailure, printed: ReadonlySet<string>): string[] {
  const when = step < 0 ? 'at the start' : `after step ${step + 1}`;
  return [
    `     when      ${when}, at t=${atMs / 1000}s`,
    ...waiting
      .filter((text) => !printed.has(text))
      .map((text, index) => `     ${index === 0 ? 'waiting ' : '        '}  ${text}`),
  ];
}

/** The maximum length of a value on one line. */
const MAX_LINE_LENGTH = 100;

/** Formats a value on one line, or on several lines if it is long or a multi-line string. */
function fittedText(value: JsonValue | undefined): string {
  const text = shownValue(value);
  const isShort = text.length <= MAX_LINE_LENGTH && !text.includes('\n');
  if (value === undefined || isShort || isTexts(value)) return text;
  return (typeof value === 'string' ? value : stringifyJson(value, 2)).split('\n').join('\n               ');
}

const isTexts = (value: JsonValue): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');
