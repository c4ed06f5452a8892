import { describe, expect, test } from 'vitest';
import { kroEnvironment, rewriteAst, unparse, walkAst } from './index.ts';

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
    ['-(5)', '-(5)'],
    ['- 5', '-5'],
    ['!(!a)', '!(!a)'],
    ['a.?b[?c].d', 'a.?b[?c].d'],
    ['m.`a-b` + m.`in`', 'm.`a-b` + m.`in`'],
    ['[1, 2].exists(x, x > 1) || has(a.b)', '[1, 2].exists(x, x > 1) || has(a.b)'],
    ["'it\\'s \"x\"\\n'", '"it\'s \\"x\\"\\n"'],
    ['b"\\xff a"', 'b"\\xff a"'],
    ['{?"k": o, "a": [?p, 1u, 2.0]}', '{?"k": o, "a": [?p, 1u, 2.0]}'],
  ])('%s is written %s', (text, expected) => {
    const written = unparse(parse(text));
    expect(written).toBe(expected);
    expect(unparse(parse(written))).toBe(expected);
  });
});

test('walkAst visits macros as they were written', () => {
  const names: string[] = [];
  walkAst(parse('l.map(x, x + y)'), (expr) => {
    if (expr.kind === 'ident') names.push(expr.name);
  });
  expect(names).toEqual(['l', 'x', 'x', 'y']);
});

test('rewriteAst replaces nodes, inside macros too', () => {
  const renamed = rewriteAst(parse('a.b + l.map(x, a.c)'), (expr) =>
    expr.kind === 'ident' && expr.name === 'a' ? { ...expr, name: 'z' } : expr,
  );
  expect(unparse(renamed)).toBe('z.b + l.map(x, z.c)');
});
