import { describe, expect, test } from 'vitest';
import { kroEnvironment, rewriteAst, syntax, unparse, walkAst } from './index.ts';

const environment = kroEnvironment();

function parse(text: string) {
  const parsed = environment.parse(text);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.ast;
}

describe('unparse', () => {
  test.each([
    ['(a + b) * c', '(a + b) * c'],
    ['((a)) + (b * c)', 'a + b * c'],
    ['a - (b - c)', 'a - (b - c)'],
    ['a && b && c && d', 'a && b && c && d'],
    ['a && (b && (c && d))', 'a && (b && (c && d))'],
    ['(a ? b : c) ? d : e ? f : g', '(a ? b : c) ? d : e ? f : g'],
    ['(a == b) != c', '(a == b) != c'],
    ['-(5)', '-(5)'],
    ['- 5', '-5'],
    ['!(!a)', '!(!a)'],
    ['a.?b[?c].d', 'a.?b[?c].d'],
    ['m.`a-b` + m.`in`', 'm.`a-b` + m.`in`'],
    ['[1, 2].exists(x, x > 1) || has(a.b)', '[1, 2].exists(x, x > 1) || has(a.b)'],
    ["'it\\'s \"x\"\\n'", '"it\'s \\"x\\"\\n"'],
    ['b"\\xff a"', 'b"\\xff a"'],
    ['{?"k": o, "a": [?p, 1u, 2.0]}', '{?"k": o, "a": [?p, 1u, 2.0]}'],
  ])('%s is written as %s', (text, expected) => {
    const written = unparse(parse(text));
    expect(written).toBe(expected);
    expect(unparse(parse(written))).toBe(expected);
  });
});

test('constructed nodes are printed like parsed nodes', () => {
  const { call, chain, ident, list, literal, map, member, select } = syntax;
  const [a, b] = [ident('a'), ident('b')];
  const entry = { key: literal('string', 'k'), value: select(a, 'x', { optional: true }), optional: true };
  const terms = [select(a, 'x', { test: true }), call('_==_', [a, literal('int', 1n)]), b, call('!_', [b])] as const;
  expect([chain('_&&_', terms), member('map', list([a]), [b, b]), map([entry])].map((node) => unparse(node))).toEqual([
    'has(a.x) && a == 1 && b && !b',
    '[a].map(b, b)',
    '{?"k": a.?x}',
  ]);
});

test('walkAst visits the calls of macros', () => {
  const names: string[] = [];
  walkAst(parse('l.map(x, x + y)'), (expr) => {
    if (expr.kind === 'ident') names.push(expr.name);
  });
  expect(names).toEqual(['l', 'x', 'x', 'y']);
});

test('rewriteAst replaces nodes, also inside macros', () => {
  const renamed = rewriteAst(parse('a.b + l.map(x, a.c)'), (expr) =>
    expr.kind === 'ident' && expr.name === 'a' ? { ...expr, name: 'z' } : expr,
  );
  expect(unparse(renamed)).toBe('z.b + l.map(x, z.c)');
});
