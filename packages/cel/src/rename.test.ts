import { expect, test } from 'vitest';
import { freeIdentifiers, kroEnvironment, namesBoundBy, renameVariables, unparse } from './index.ts';

const environment = kroEnvironment();

function parse(text: string) {
  const parsed = environment.parse(text);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.ast;
}

const renamed = (text: string): string =>
  unparse(renameVariables(parse(text), (name) => (name === 'x' || name === 'status' ? `${name}2` : name)));

test.each([
  ['x + .x + y.x', 'x2 + .x2 + y.x'],
  ['x.map(x, x + 1)', 'x2.map(x, x + 1)'],
  ['l.filter(e, e == x)', 'l.filter(e, e == x2)'],
  ['l.filter(x, x > 1)', 'l.filter(x, x > 1)'],
  ['l.all(x, y, x == y || has(x.a))', 'l.all(x, y, x == y || has(x.a))'],
  ['has(x.a) && has(x.b.c)', 'has(x2.a) && has(x2.b.c)'],
  ['cel.bind(x, x + 1, x)', 'cel.bind(x, x2 + 1, x)'],
  ['cel.bind(y, x, cel.bind(x, x + y, x))', 'cel.bind(y, x2, cel.bind(x, x2 + y, x))'],
  ['x.?a.optMap(x, x + status)', 'x2.?a.optMap(x, x + status2)'],
  ['x.sortBy(x, x.n)', 'x2.sortBy(x, x.n)'],
  ['x.sortBy(e, e.n + x)', 'x2.sortBy(e, e.n + x2)'],
  ['l.transformMap(k, x, k != x, [x])', 'l.transformMap(k, x, k != x, [x])'],
  [
    'runtime.newCondition({type: x, status: status, message: "status"})',
    'runtime.newCondition({type: x2, status: status2, message: "status"})',
  ],
])('%s becomes %s', (text, expected) => {
  expect(renamed(text)).toBe(expected);
  const checked = kroEnvironment({ variables: {} }).parse(expected);
  expect(checked.ok).toBe(true);
});

test('the expansions of macros are renamed, too', () => {
  const ast = renameVariables(parse('cel.bind(x, x + 1, x)'), (name) => (name === 'x' ? 'y' : name));
  const result = environment.plan(ast);
  expect(result.ok && result.program.evaluate({ y: 4 })).toMatchObject({
    error: { message: 'no such attribute(s): y' },
  });
});

test.each([
  ['l.map(x, x + y)', ['x']],
  ['cel.bind(x, y, x)', ['x']],
  ['l.all(k, v, k == v)', ['k', 'v']],
  ['x.optMap(v, v)', ['v']],
])('%s binds %j', (text, names) => {
  const { expr } = parse(text);
  expect(expr.kind === 'macro' && namesBoundBy(expr)).toEqual(names);
});

test.each([
  ['x.a + y[x.b]', ['x', 'y', 'x']],
  ['x.all(x, x > y)', ['x', 'y']],
  ['cel.bind(v, x, v + x) && v', ['x', 'x', 'v']],
  ['l.map(a, l.map(b, a + b + c))', ['l', 'l', 'c']],
])('the free variables of %s are used in the order %j', (text, names) => {
  const found = freeIdentifiers(parse(text));
  expect(found.map(({ name }) => name)).toEqual(names);
  expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(names);
});
