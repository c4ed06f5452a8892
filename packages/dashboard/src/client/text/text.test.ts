import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { JsonValue } from '@typekro/kit/core';
import { diffLines, foldEqual, sideBySide } from './diff-lines.ts';
import { likeDesired } from '../views/object-panel.tsx';

const signs = { equal: ' ', removed: '-', added: '+' };
const printed = (before: string, after: string): string =>
  diffLines(before, after)
    .map(({ kind, text }) => `${signs[kind]}${text}`)
    .join('|');

test.each([
  ['a\nb\nc', 'a\nb\nc', ' a| b| c'],
  ['a\nb\nc', 'a\nx\nc', ' a|-b|+x| c'],
  ['a\nc', 'a\nb\nc', ' a|+b| c'],
  ['a\nb\nc', 'a\nc', ' a|-b| c'],
  ['a\nb\na\nb', 'b\na\nb\na', '-a| b| a| b|+a'],
  ['', 'a', '-|+a'],
])('the difference between %j and %j has the expected lines', (before, after, expected) => {
  expect(printed(before, after)).toBe(expected);
});

test('both texts can be restored from the lines', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before.join('\n'), after.join('\n'));
      const strip = (list: readonly string[]) => list.join('\n').replace(/\n$/, '');
      expect(lines.filter(({ kind }) => kind !== 'added').map((line) => line.text)).toEqual(strip(before).split('\n'));
      expect(lines.filter(({ kind }) => kind !== 'removed').map((line) => line.text)).toEqual(strip(after).split('\n'));
    }),
  );
});

test('texts without a common line are compared in bounded time', () => {
  const text = (prefix: string) => Array.from({ length: 5000 }, (_, index) => `${prefix}${index}`).join('\n');
  expect(diffLines(text('a'), text('b'))).toHaveLength(10_000);
});

test('side by side, a changed line has both texts in one row', () => {
  expect(sideBySide(diffLines('a\nb', 'a\nc\nd')).map(({ left, right }) => [left?.text, right?.text])).toEqual([
    ['a', 'a'],
    ['b', 'c'],
    [undefined, 'd'],
  ]);
});

test('equal lines far from a difference are left out, and only their count remains', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `${index}`);
  const parts = foldEqual(diffLines(lines.join('\n'), lines.with(10, 'x').join('\n')), 2);
  expect(parts.map((part) => ('skipped' in part ? part.skipped : part.lines.length))).toEqual([8, 6, 7]);
});

const rows: readonly (readonly [string, JsonValue, JsonValue, JsonValue])[] = [
  ['fields that only the server sets vanish', { a: 1, uid: 'x' }, { a: 2 }, { a: 1 }],
  ['a missing field stays missing', { a: 1 }, { a: 1, b: 2 }, { a: 1 }],
  ['keys are in the desired order', { b: 1, a: 2 }, { a: 0, b: 0 }, { a: 2, b: 1 }],
  [
    'items are matched by name, and additional ones stay',
    [{ name: 'sidecar' }, { name: 'app', image: 'b', ready: true }],
    [{ name: 'app', image: 'a' }],
    [{ name: 'app', image: 'b' }, { name: 'sidecar' }],
  ],
  ['plain items are matched by position', ['x', 'y'], ['a'], ['x', 'y']],
  ['an item that does not exist stays missing', [], [{ name: 'a' }, 'b'], []],
  ['a live value is shown as it is when the desired value has another type', { a: [1] }, { a: { b: 1 } }, { a: [1] }],
];

test.each(rows)('the live value in the form of the desired one: %s', (_title, live, desired, expected) => {
  expect(JSON.stringify(likeDesired(live, desired))).toBe(JSON.stringify(expected));
});
