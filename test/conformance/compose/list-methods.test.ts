import { expect, test } from 'vitest';
import { consult, oracleInputs } from '../../support/compose-oracle.ts';

const INPUTS = oracleInputs(['ab', 'a', '', 'zz', '😀', 'x-y']);

/** Expressions with the result of JavaScript, in the graph. */
const EQUAL: readonly string[] = [
  's.ints.toSorted((a, b) => (a < b ? -1 : 0))',
  's.ints.toSorted((a, b) => (a > b ? -1 : 0))',
  's.ints.toSorted((a, b) => (a > b ? 0 : -1))',
  's.ints.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))',
  's.ints.toSorted((a, b) => (a > b ? 1 : a < b ? -1 : 0))',
  's.ints.toSorted((a, b) => (b < a ? 1 : a < b ? -1 : 0))',
  's.ints.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0))',
  's.ints.toSorted((a, b) => (a > b ? 1 : -1))',
  's.ints.toSorted((a, b) => (b > a ? 1 : -1))',
  's.ints.map((n) => n > 1).toSorted((a, b) => Number(a) - Number(b))',
  ...['', '0', '0.5', '1', '1.5', '2', '-1', 'NaN', 'Infinity'].flatMap((depth) => [
    `s.ints.map((n) => (n > 1 ? [[n]] : n)).flat(${depth})`,
    `s.ints.map((n) => [[n]]).flat(${depth})`,
    `[[s.ints], [[[1]]]].flat(${depth})`,
  ]),
  '[...(s.b ? s.list : [])]',
  '[...(s.b ? s.t : s.list)]',
  "[...(s.b ? 'ab' : s.list), 'x']",
  '[...(s.b ? `${s.t}!` : s.list)]',
  "[...(s.b ? s.t : 'xy')]",
  '[...(s.o ?? s.list)]',
  "[...(s.b ? s.list : s.n > 1 ? s.t : ['q'])]",
  "(() => { const [a, b] = `${s.t}!`; return [a ?? 'none', b ?? 'none']; })()",
  "(() => { const [a, ...rest] = `${s.t}!`; return [a ?? 'none', rest]; })()",
  "(() => { const [a] = s.b ? s.t : s.list; return a ?? 'none'; })()",
  "(() => { const [a, ...rest] = s.b ? s.t : ['q', 'r']; return [a ?? 'none', rest]; })()",
  "(() => { const [a] = s.b ? `${s.t}!` : ['q']; return a ?? 'none'; })()",
];

test.each(EQUAL)('the graph has the result of JavaScript for %s', (expression) => {
  expect(consult(expression, INPUTS)).toMatchObject({ kind: 'equal' });
});

test.each([
  ['a > b ? 1 : 0', 'with a negative result'],
  ['a < b ? 0 : 1', 'with a negative result'],
  ['a < b ? 1 : 0', 'with a negative result'],
  ['a < b ? 0 : a > b ? 1 : 0', 'with a negative result'],
  ['a < b ? -1 : a > b ? -1 : 0', 'with a negative result'],
  ['a < b ? -1 : a > b ? 1 : s.n', 'with a negative result'],
])('the comparator %s is refused', (comparator, remedy) => {
  const verdict = consult(`s.ints.toSorted((a, b) => (${comparator}))`, INPUTS);
  expect(verdict).toMatchObject({ kind: 'refused', code: 'trace/no-cel', text: expect.stringContaining(remedy) });
});

test.each([
  ['s.ints', 'sorting numbers without a comparator sorts them as strings; pass (a, b) => a - b'],
  ['s.ints.map((n) => ({ n }))', 'is a list of object; without a comparator, its elements are sorted as strings'],
  ['s.ints.map((n) => n > 1)', 'is a list of boolean; without a comparator, its elements are sorted as strings'],
  ['s.ints.map((n) => (n > 1 ? [n] : n))', 'is a list of value of unknown type; without a comparator'],
])('toSorted() without a comparator is refused for the elements of %s', (list, reason) => {
  const verdict = consult(`${list}.toSorted()`, INPUTS);
  expect(verdict).toMatchObject({ kind: 'refused', code: 'trace/no-cel', text: expect.stringContaining(reason) });
});
