/** Checks the index strings in a Job's status, such as `0-2,5`, with the messages of an API server. */
import { goParseInt, goQuote } from '@typekro/kit/golang';

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** The problem of an index string; `undefined` when all indexes are in order and below `completions`. */
export function indexesProblem(text: string, completions: number): string | undefined {
  if (text === '') return undefined;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const interval = readInterval(part, completions);
    if (typeof interval === 'string') return interval;
    if (previous !== undefined && previous >= interval.first) return notIncreasing(previous, interval.first);
    previous = interval.last;
  }
  return undefined;
}

/** The number of indexes in a string. Parts that cannot be parsed are ignored. */
export const indexCount = (text: string, completions: number): number =>
  readIntervals(text, completions).reduce((sum, { first, last }) => sum + last - first + 1, 0);

/**
 * The message when an index is in both strings; `undefined` when no index is in both. Parts that cannot be parsed are
 * ignored.
 */
export function overlapProblem(completed: string, failed: string, completions: number): string | undefined {
  const [successes, failures] = [readIntervals(completed, completions), readIntervals(failed, completions)];
  let [index, position] = [0, 0];
  for (;;) {
    const [success, failure] = [successes[index], failures[position]];
    if (success === undefined || failure === undefined) return undefined;
    if (success.first <= failure.last && failure.first <= success.last)
      return `failedIndexes and completedIndexes overlap at index: ${Math.max(success.first, failure.first)}`;
    if (success.first <= failure.first) index += 1;
    else position += 1;
  }
}

const notIncreasing = (previous: number, current: number): string =>
  `non-increasing order, previous: ${previous}, current: ${current}`;

function readIntervals(text: string, completions: number): Interval[] {
  return text.split(',').flatMap((part) => {
    const interval = readInterval(part, completions);
    return typeof interval === 'string' ? [] : [interval];
  });
}

function readInterval(part: string, completions: number): Interval | string {
  const limits = part.split('-');
  if (limits.length > 2)
    return `the fragment ${goQuote(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const [first = '', last = first] = limits;
  const start = readIndex(first, completions);
  if (typeof start === 'string') return start;
  if (limits.length === 1) return { first: start, last: start };
  const end = readIndex(last, completions);
  if (typeof end === 'string') return end;
  return start >= end ? notIncreasing(start, end) : { first: start, last: end };
}

function readIndex(text: string, completions: number): number | string {
  const parsed = goParseInt(text);
  if (!parsed.ok) return `cannot convert string to integer for index: ${goQuote(text)}`;
  return parsed.value >= completions ? `too large index: ${goQuote(text)}` : Number(parsed.value);
}
