import { describe, expect, test } from 'vitest';
import { Facts } from '../trace/facts.ts';
import * as ir from './build.ts';
import { foldLoop } from './fold-loop.ts';
import { Lowering, requireInteger } from './lower.ts';
import { type Node, Variable } from './node.ts';
import { celText } from './to-cel.ts';
import { shareParts } from './share.ts';
import { type StaticType, BOOL, FLOAT, INTEGER, listOf, NumberType, optionalOf, STRING } from './types.ts';

const schema = ir.variable(new Variable('s', 'schema'), STRING);
const field = (name: string, type: StaticType): Node => ir.select(schema, name, type);
const [a, b, c] = ['a', 'b', 'c'].map((name) => field(name, BOOL)) as [Node, Node, Node];
const n = field('n', INTEGER);
const m = field('m', INTEGER);
const x = field('x', FLOAT);
const text = field('text', STRING);

const print = (node: Node): string => celText(new Lowering().lower(node));

describe('printing', () => {
  test.each<[Node, string]>([
    [ir.or(ir.and(a, b), c), 's.a && s.b || s.c'],
    [ir.and(ir.or(a, b), c), '(s.a || s.b) && s.c'],
    [ir.not(ir.and(a, b)), '!(s.a && s.b)'],
    [ir.not(ir.eq(n, ir.literal(1))), 's.n != 1'],
    [ir.subtract(n, ir.subtract(m, ir.literal(1))), 's.n - (s.m - 1)'],
    [ir.multiply(ir.add(n, m), ir.literal(2)), '(s.n + s.m) * 2'],
    [ir.cond(ir.cond(a, b, c), n, m), '(s.a ? s.b : s.c) ? s.n : s.m'],
    [ir.cond(a, n, ir.cond(b, m, ir.literal(3))), 's.a ? s.n : s.b ? s.m : 3'],
    [ir.literal('say "hi"\n\\'), '"say \\"hi\\"\\n\\\\"'],
    [ir.select(field('o', STRING), 'in', STRING), 's.o["in"]'],
    [
      ir.object([{ key: ir.literal('k'), value: ir.optSelect(schema, 'text', STRING), optional: true }]),
      '{?"k": s.?text}',
    ],
    [ir.compare('lt', ir.compare('lt', n, m), a), '(s.n < s.m) < s.a'],
    [ir.or(a, ir.or(b, c)), 's.a || s.b || s.c'],
    [ir.isIn(ir.select(field('o', STRING), 'k', STRING), ir.list([text])), 's.o.k in [s.text]'],
    [ir.raw(['size( ', ')>0x1'], [field('names', listOf(STRING))], BOOL), 'size(s.names) > 0x1'],
    [ir.raw(['', ".matches(r'^\\d+$')"], [text], BOOL), "s.text.matches(r'^\\d+$')"],
    [ir.raw(['', ' * 2'], [ir.add(n, m)], INTEGER), '(s.n + s.m) * 2'],
    [ir.not(ir.raw(['a || b'], [], BOOL)), '!(a || b)'],
    [ir.not(ir.raw(['a[0].b'], [], BOOL)), '!a[0].b'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('a whole number in a division becomes a double, and a string with the same digits stays a string', () => {
    expect([print(ir.literal('7.0')), print(ir.divide(n, ir.literal(7)))]).toEqual(['"7.0"', 'double(s.n) / 7.0']);
    expect([print(ir.divide(n, ir.literal(9))), print(ir.literal('9.0'))]).toEqual(['double(s.n) / 9.0', '"9.0"']);
  });

  test('variables of macros keep the author’s names, but are unique and never reserved words', () => {
    const [first, second, word] = [ir.macroVariable('w'), ir.macroVariable('w'), ir.macroVariable('namespace')];
    const of = (item: Variable, body: (element: Node) => Node): Node =>
      ir.macro('exists', field('l', listOf(STRING)), [item], [body(ir.variable(item, STRING))], BOOL);
    const nested = of(first, (outer) => of(second, (inner) => ir.eq(outer, inner)));
    expect(print(nested)).toBe('s.l.exists(w, s.l.exists(w2, w == w2))');
    expect(print(of(word, (item) => ir.eq(item, ir.literal('x'))))).toBe('s.l.exists(namespace_, namespace_ == "x")');
  });
});

describe('simplification', () => {
  test.each<[Node, string]>([
    [ir.and(a, ir.and(b, a)), 's.a && s.b'],
    [ir.and(a, ir.not(a)), 'false'],
    [ir.or(a, ir.and(ir.not(a), b)), 's.a || s.b'],
    [ir.cond(a, b, ir.literal(false)), 's.a && s.b'],
    [ir.cond(ir.not(a), n, m), 's.a ? s.m : s.n'],
    [ir.cond(a, ir.concat([ir.literal('x-'), text]), ir.literal('x-')), '"x-" + (s.a ? s.text : "")'],
    [ir.cond(a, ir.add(n, m), n), 's.n + (s.a ? s.m : 0)'],
    [ir.cond(a, n, ir.cond(b, n, m)), 's.a || s.b ? s.n : s.m'],
    [ir.eq(ir.cond(a, ir.literal('p'), ir.literal('q')), ir.literal('p')), 's.a'],
    [ir.concat([ir.literal('a'), ir.literal('b'), text]), '"ab" + s.text'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('facts simplify the conditions that follow from them, until a rollback', () => {
    const facts = new Facts();
    const checkpoint = facts.checkpoint();
    facts.assume(ir.and(ir.has(schema, 'text'), ir.not(ir.or(a, b))));
    expect(facts.simplify(ir.and(ir.has(schema, 'text'), c))).toBe(c);
    expect(facts.simplify(a)).toBe(ir.literal(false));
    facts.assume(ir.eq(text, ir.literal('x')));
    expect(facts.simplify(ir.eq(text, ir.literal('y')))).toBe(ir.literal(false));
    facts.rollback(checkpoint);
    expect(facts.simplify(a)).toBe(a);
  });
});

test('an optional that may be empty has the type of its value, whatever stood beside an empty optional before', () => {
  for (const value of [text, n, a, text])
    expect(ir.cond(b, ir.optionalSome(value), ir.optionalNone()).type).toBe(optionalOf(value.type));
});

describe('integers and doubles', () => {
  test.each<[Node, string]>([
    [ir.divide(n, ir.literal(2)), 'double(s.n) / 2.0'],
    [ir.compare('gt', n, ir.literal(2.5)), 'double(s.n) > 2.5'],
    [ir.add(x, ir.literal(1)), 's.x + 1.0'],
    [ir.cond(a, n, x), 's.a ? double(s.n) : s.x'],
    [ir.isIn(ir.literal(1), field('xs', listOf(FLOAT))), '1.0 in s.xs'],
    [ir.cond(a, n, text), 's.a ? dyn(s.n) : dyn(s.text)'],
    [ir.toText(n), 'string(s.n)'],
    [ir.toText(x), 'json.marshal(s.x)'],
    [ir.list([ir.literal(1), x]), '[1.0, s.x]'],
    [ir.orValue(ir.optSelect(schema, 'x', FLOAT), ir.literal(0)), 's.?x.orValue(0.0)'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('a number of an open type becomes an integer where it must be one, and is a double otherwise', () => {
    let made = 0;
    const open = (): Node => field(`open${++made}`, { kind: 'number', number: new NumberType('open') });
    const used = open();
    requireInteger(ir.add(used, ir.literal(1)));
    expect(print(ir.add(used, ir.literal(1)))).toMatch(/^s\.open\d+ \+ 1$/);
    expect(print(ir.add(open(), ir.literal(1)))).toMatch(/ \+ 1\.0$/);
    expect(() => requireInteger(ir.divide(used, ir.literal(2)))).toThrow(/takes an integer/);
  });
});

test('repeated scalar parts are bound once; lists and variables of macros are not bound', () => {
  const long = ir.concat([text, ir.literal('-'), ir.toText(n), ir.literal('-'), ir.toText(m), ir.literal('-'), text]);
  const shared = shareParts(
    new Lowering().lower(
      ir.cond(ir.eq(long, ir.literal('q')), long, ir.concat([ir.literal('z'), ir.call('hash', [long], STRING)])),
    ),
  );
  expect(celText(shared)).toBe(
    'cel.bind(v, s.text + "-" + string(s.n) + "-" + string(s.m) + "-" + s.text, v == "q" ? v : "z" + hash(v))',
  );
});

describe('a loop over a list becomes one expression if CEL has an equivalent expression', () => {
  const loop = new Variable('e', 'loop');
  const accumulator = new Variable('acc', 'accumulator');
  const numbers = field('l', listOf(INTEGER));
  const fold = (initial: Node, next: (acc: Node, element: Node) => Node): string | undefined => {
    const found = foldLoop({
      list: numbers,
      loop,
      element: INTEGER,
      accumulator,
      initial,
      next: next(ir.variable(accumulator, initial.type), ir.variable(loop, INTEGER)),
    });
    return found === undefined ? undefined : print(found);
  };

  test.each<[string, Node, (acc: Node, element: Node) => Node, string | undefined]>([
    ['sum', ir.literal(0), (acc, e) => ir.add(acc, e), 's.l.sum()'],
    ['sum of products', n, (acc, e) => ir.add(acc, ir.multiply(e, m)), 's.n + s.l.map(e, e * s.m).sum()'],
    [
      'count',
      ir.literal(0),
      (acc, e) => ir.cond(ir.compare('gt', e, ir.literal(2)), ir.add(acc, ir.literal(1)), acc),
      'size(s.l.filter(e, e > 2))',
    ],
    ['join', ir.literal('x'), (acc, e) => ir.concat([acc, ir.toText(e)]), '"x" + s.l.map(e, string(e)).join()'],
    ['any', ir.literal(false), (acc, e) => ir.or(acc, ir.compare('gt', e, n)), 's.l.exists(e, e > s.n)'],
    ['all', ir.literal(true), (acc, e) => ir.and(acc, ir.compare('gt', e, n)), 's.l.all(e, e > s.n)'],
    ['max', ir.literal(0), (acc, e) => ir.cond(ir.compare('gt', e, acc), e, acc), '([0] + s.l).max()'],
    ['min', n, (acc, e) => ir.cond(ir.compare('lt', e, acc), e, acc), '([s.n] + s.l).min()'],
    ['last', ir.literal(0), (_, e) => e, 's.l[size(s.l) - 1]'],
    ['product, which has no equivalent expression', ir.literal(1), (acc, e) => ir.multiply(acc, e), undefined],
  ])('%s', (name, initial, next, expected) => {
    const found = fold(initial, next);
    if (name === 'last') expect(found).toContain(expected);
    else expect(found).toBe(expected);
  });
});
