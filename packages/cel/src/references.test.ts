import { describe, expect, test } from 'vitest';
import { testReadmeExamples } from '@typekro/kit/test-support/readme-examples';
import * as entry from './index.ts';
import {
  freeIdentifiers,
  inspect,
  kroEnvironment,
  namesBoundBy,
  references,
  renameVariables,
  rewriteAst,
  syntax,
  unparse,
  walkAst,
} from './index.ts';

testReadmeExamples(new URL('README.md', import.meta.url), 'typekro/cel', entry);

const environment = kroEnvironment();
const options = {
  variables: new Set(['a', 'schema', 'runtime']),
  isFunction: (name: string) => environment.isFunction(name),
};

function parse(text: string) {
  const parsed = environment.parse(text);
  if (!parsed.ok) throw new Error(parsed.text);
  return parsed.ast;
}

describe("kro's references", () => {
  test.each([
    ['a.b.c + schema.spec.x', { ids: ['a', 'schema'], deps: ['a'], paths: ['a.b.c', 'schema.spec.x'] }],
    ['a.b[0].c', { ids: ['a'], deps: ['a'], paths: ['a.b'] }],
    ['a.?b.c', { ids: ['a'], deps: ['a'], paths: ['a'] }],
    ['a + nope.x', { ids: ['a'], deps: [], paths: ['a', 'nope.x'], error: 'references unknown identifiers: [nope]' }],
    ['a + nope()', { ids: ['a'], deps: [], paths: ['a'], error: 'uses unknown functions: [{nope}]' }],
    [
      'omit()',
      { ids: [], deps: [], paths: [], error: 'omit() requires the CELOmitFunction feature gate to be enabled' },
    ],
    ['lists.range(a.n)', { ids: ['a'], deps: ['a'], paths: ['a.n'] }],
  ])('the ids, dependencies and paths of %s are as expected', (text, expected) => {
    expect(references(parse(text), { ...options, place: 'template' })).toEqual(expected);
  });
});

test("by kro's rule, a loop variable hides a resource in the range and the body of the loop; by the exact rule, only in the body", () => {
  const ast = parse('[a].map(a, a.x)');
  expect(inspect(ast, options).uses).toEqual([]);
  expect(inspect(ast, { ...options, rule: 'exact' }).uses).toEqual([{ id: 'a', path: 'a' }]);
});

describe('rename', () => {
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
});

describe('unparse', () => {
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
    expect([chain('_&&_', terms), member('map', list([a]), [b, b]), map([entry])].map((node) => unparse(node))).toEqual(
      ['has(a.x) && a == 1 && b && !b', '[a].map(b, b)', '{?"k": a.?x}'],
    );
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
});
