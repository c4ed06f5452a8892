import type { JsonValue } from '../../core/index.ts';
import { stringifyJson } from '../../core/index.ts';
import type { Mismatch, TestFailure, TestPath } from './model.ts';

/** How the lines of a failure are coloured: green for the expected, red for the received. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** No colours. */
export const PLAIN: Paint = { good: (text) => text, bad: (text) => text, faint: (text) => text };

/**
 * The unmet expectations of a failure, its time, and the nodes that are not ready. `placeOf` returns the place of a
 * value of the test as text.
 */
export function failureLines(failure: TestFailure, placeOf: (at: TestPath) => string, paint: Paint = PLAIN): string[] {
  return [
    ...failure.mismatches.flatMap((mismatch) => mismatchLines(mismatch, placeOf(mismatch.at), paint)),
    ...whenLines(failure),
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

/** A value on one line, or on several lines when it is long. */
function valueText(value: JsonValue): string {
  if (typeof value === 'string') return value.split('\n').join('\n               ');
  if (Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string'))
    return value.join(', ');
  const text = stringifyJson(value);
  return text.length <= 100 ? text : stringifyJson(value, 2).split('\n').join('\n               ');
}
