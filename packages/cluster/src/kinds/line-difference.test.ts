import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDifference } from './line-difference.ts';

const lines = (text: string) => text.split('');

test.each<[string, string, string, string]>([
  ['no change', 'abc', 'abc', ''],
  [
    'a changed line with three lines of context',
    'abcdXefgh',
    'abcdYefgh',
    '@@ -2,7 +2,7 @@\n b\n c\n d\n-X\n+Y\n e\n f\n g\n',
  ],
  ['an insertion at the start', 'a', 'Xa', '@@ -1 +1,2 @@\n+X\n a\n'],
  ['a removal at the end', 'aX', 'a', '@@ -1,2 +1 @@\n a\n-X\n'],
  [
    'changes far apart, in two hunks',
    'Xabcdefgh1Y',
    'xabcdefgh1y',
    '@@ -1,4 +1,4 @@\n-X\n+x\n a\n b\n c\n@@ -8,4 +8,4 @@\n g\n h\n 1\n-Y\n+y\n',
  ],
  ['changes close together, in one hunk', 'XabcY', 'xabcy', '@@ -1,5 +1,5 @@\n-X\n+x\n a\n b\n c\n-Y\n+y\n'],
])('a difference shows %s', (_title, before, after, expected) => {
  expect(unifiedDifference(lines(before), lines(after))).toBe(expected);
});

/** Applies the hunks of a difference to the first list of lines. */
function patch(before: readonly string[], difference: string): string[] {
  const out: string[] = [];
  let next = 0;
  for (const row of difference.split('\n').slice(0, -1)) {
    const header = /^@@ -(\d+)(?:,(\d+))? /.exec(row);
    if (header !== null) {
      const start = Number(header[1]) - (header[2] === '0' ? 0 : 1);
      out.push(...before.slice(next, start));
      next = start;
    } else if (row.startsWith('+')) out.push(row.slice(1));
    else {
      expect(before[next]).toBe(row.slice(1));
      if (row.startsWith(' ')) out.push(row.slice(1));
      next++;
    }
  }
  return [...out, ...before.slice(next)];
}

test('applying a difference to the first text results in the second text, even with repeated lines', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 300 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patch(before, unifiedDifference(before, after))).toEqual(after);
    }),
    { numRuns: 200 },
  );
});

test('the lines between the common start and the common end of very long texts are one change', () => {
  const words = (count: number, from: number) =>
    Array.from({ length: count }, (_, index) => `w${(index + from) % 150}`);
  const [start, end] = [words(50, 0), words(50, 7)];
  const hunk = unifiedDifference([...start, ...words(100_000, 1), ...end], [...start, ...words(100_000, 3), ...end]);
  expect(hunk.slice(0, hunk.indexOf('\n'))).toBe('@@ -48,100006 +48,100006 @@');
  expect(hunk.match(/^[+-]/gm)).toHaveLength(200_000);
});

test('a small change of a long text is a small hunk', () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `w${index % 150}`);
  const [first, second] = [lines.with(50_000, 'x'), lines.with(50_000, 'y').with(50_002, 'z')];
  expect(unifiedDifference(first, second)).toBe(
    '@@ -49998,9 +49998,9 @@\n w47\n w48\n w49\n-x\n+y\n w51\n-w52\n+z\n w53\n w54\n w55\n',
  );
});
