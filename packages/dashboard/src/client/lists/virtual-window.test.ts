import { expect, test } from 'vitest';
import { pagesOf, rowAfterKey, scrollToRow, slotOf, virtualWindow } from './virtual-window.ts';

test.each([
  ['the start', 0, 10_000, { first: 0, end: 18 }],
  ['the middle', 4000, 10_000, { first: 92, end: 118 }],
  ['the end', 399_600, 10_000, { first: 9982, end: 10_000 }],
  ['a list that shrank', 399_600, 5, { first: 5, end: 5 }],
  ['an empty list', 0, 0, { first: 0, end: 0 }],
])('virtualWindow returns the rows to draw: %s', (_title, scrollTop, total, expected) => {
  expect(virtualWindow(scrollTop, 400, 40, total)).toEqual(expected);
});

test.each([
  ['a row above', 2, 80],
  ['a visible row', 6, 200],
  ['a row below', 20, 440],
])('scrollToRow returns the scroll position that shows %s', (_title, row, expected) => {
  expect(scrollToRow(row, 200, 400, 40)).toBe(expected);
});

test.each([
  ['ArrowDown', 0, 1],
  ['ArrowUp', 0, 0],
  ['PageDown', 5, 15],
  ['End', 5, 99],
  ['Home', 5, 0],
  ['a', 5, undefined],
  ['toString', 5, undefined],
])('the key %s at row %i leads to row %s', (key, row, expected) => {
  expect(rowAfterKey(key, row, 100, 10)).toBe(expected);
});

test.each([26, 64, 65, 300])('the %i rows of a window have different keys', (length) => {
  const window = { first: 1000, end: 1000 + length };
  const keys = Array.from({ length }, (_, offset) => slotOf(window.first + offset, window));
  expect(new Set(keys).size).toBe(length);
});

test('a row keeps its key while a window moves', () => {
  expect(slotOf(110, { first: 100, end: 126 })).toBe(slotOf(110, { first: 101, end: 128 }));
});

test('a window that crosses the border of a page needs both pages', () => {
  expect(pagesOf({ first: 490, end: 520 }, 500)).toEqual([0, 1]);
  expect(pagesOf({ first: 0, end: 500 }, 500)).toEqual([0]);
  expect(pagesOf({ first: 0, end: 0 }, 500)).toEqual([0]);
});
