import { describe, expect, test } from 'vitest';
import { Facts } from '../trace/facts.ts';
import {
  add,
  and,
  call,
  compare,
  concat,
  cond,
  divide,
  eq,
  has,
  isIn,
  list,
  literal,
  macro,
  macroVariable,
  multiply,
  not,
  object,
  optionalNone,
  optionalSome,
  optSelect,
  raw,
  or,
  orValue,
  select,
  subtract,
  toText,
  variable,
} from './build.ts';
import { foldLoop } from './fold-loop.ts';
import { Lowering, requireInteger } from './lower.ts';
import { type Node, Variable } from './node.ts';
import { celText } from './to-cel.ts';
import { shareParts } from './share.ts';
import { type StaticType, BOOL, FLOAT, INTEGER, listOf, NumberType, optionalOf, STRING } from './types.ts';

const schema = variable(new Variable('s', 'schema'), STRING);
const field = (name: string, type: StaticType): Node => select(schema, name, type);
const [a, b, c] = ['a', 'b', 'c'].map((name) => field(name, BOOL)) as [Node, Node, Node];
const n = field('n', INTEGER);
const m = field('m', INTEGER);
const x = field('x', FLOAT);
const text = field('text', STRING);

const print = (node: Node): string => celText(new Lowering().lower(node));

describe('printing', () => {
  test.each<[Node, string]>([
    [or(and(a, b), c), 's.a && s.b || s.c'],
    [and(or(a, b), c), '(s.a || s.b) && s.c'],
    [not(and(a, b)), '!(s.a && s.b)'],
    [not(eq(n, literal(1))), 's.n != 1'],
    [subtract(n, subtract(m, literal(1))), 's.n - (s.m - 1)'],
    [multiply(add(n, m), literal(2)), '(s.n + s.m) * 2'],
    [cond(cond(a, b, c), n, m), '(s.a ? s.b : s.c) ? s.n : s.m'],
    [cond(a, n, cond(b, m, literal(3))), 's.a ? s.n : s.b ? s.m : 3'],
    [literal('say "hi"\n\\'), '"say \\"hi\\"\\n\\\\"'],
    [select(field('o', STRING), 'in', STRING), 's.o["in"]'],
    [object([{ key: literal('k'), value: optSelect(schema, 'text', STRING), optional: true }]), '{?"k": s.?text}'],
    [compare('lt', compare('lt', n, m), a), '(s.n < s.m) < s.a'],
    [or(a, or(b, c)), 's.a || s.b || s.c'],
    [isIn(select(field('o', STRING), 'k', STRING), list([text])), 's.o.k in [s.text]'],
    [raw(['size( ', ')>0x1'], [field('names', listOf(STRING))], BOOL), 'size(s.names) > 0x1'],
    [raw(['', ".matches(r'^\\d+$')"], [text], BOOL), "s.text.matches(r'^\\d+$')"],
    [raw(['', ' * 2'], [add(n, m)], INTEGER), '(s.n + s.m) * 2'],
    [not(raw(['a || b'], [], BOOL)), '!(a || b)'],
    [not(raw(['a[0].b'], [], BOOL)), '!a[0].b'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('a whole number in a division becomes a double, and a string with the same digits stays a string', () => {
    expect([print(literal('7.0')), print(divide(n, literal(7)))]).toEqual(['"7.0"', 'double(s.n) / 7.0']);
    expect([print(divide(n, literal(9))), print(literal('9.0'))]).toEqual(['double(s.n) / 9.0', '"9.0"']);
  });

  test('variables of macros keep the author’s names, but are unique and never reserved words', () => {
    const [first, second, word] = [macroVariable('w'), macroVariable('w'), macroVariable('namespace')];
    const of = (item: Variable, body: (element: Node) => Node): Node =>
      macro('exists', field('l', listOf(STRING)), [item], [body(variable(item, STRING))], BOOL);
    const nested = of(first, (outer) => of(second, (inner) => eq(outer, inner)));
    expect(print(nested)).toBe('s.l.exists(w, s.l.exists(w2, w == w2))');
    expect(print(of(word, (item) => eq(item, literal('x'))))).toBe('s.l.exists(namespace_, namespace_ == "x")');
  });
});

describe('simplification', () => {
  test.each<[Node, string]>([
    [and(a, and(b, a)), 's.a && s.b'],
    [and(a, not(a)), 'false'],
    [or(a, and(not(a), b)), 's.a || s.b'],
    [cond(a, b, literal(false)), 's.a && s.b'],
    [cond(not(a), n, m), 's.a ? s.m : s.n'],
    [cond(a, concat([literal('x-'), text]), literal('x-')), '"x-" + (s.a ? s.text : "")'],
    [cond(a, add(n, m), n), 's.n + (s.a ? s.m : 0)'],
    [cond(a, n, cond(b, n, m)), 's.a || s.b ? s.n : s.m'],
    [eq(cond(a, literal('p'), literal('q')), literal('p')), 's.a'],
    [concat([literal('a'), literal('b'), text]), '"ab" + s.text'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('facts simplify the conditions that follow from them, until a rollback', () => {
    const facts = new Facts();
    const checkpoint = facts.checkpoint();
    facts.assume(and(has(schema, 'text'), not(or(a, b))));
    expect(facts.simplify(and(has(schema, 'text'), c))).toBe(c);
    expect(facts.simplify(a)).toBe(literal(false));
    facts.assume(eq(text, literal('x')));
    expect(facts.simplify(eq(text, literal('y')))).toBe(literal(false));
    facts.rollback(checkpoint);
    expect(facts.simplify(a)).toBe(a);
  });
});

test('an optional that may be empty has the type of its value, whatever stood beside an empty optional before', () => {
  for (const value of [text, n, a, text])
    expect(cond(b, optionalSome(value), optionalNone()).type).toBe(optionalOf(value.type));
});

describe('integers and doubles', () => {
  test.each<[Node, string]>([
    [divide(n, literal(2)), 'double(s.n) / 2.0'],
    [compare('gt', n, literal(2.5)), 'double(s.n) > 2.5'],
    [add(x, literal(1)), 's.x + 1.0'],
    [cond(a, n, x), 's.a ? double(s.n) : s.x'],
    [isIn(literal(1), field('xs', listOf(FLOAT))), '1.0 in s.xs'],
    [cond(a, n, text), 's.a ? dyn(s.n) : dyn(s.text)'],
    [toText(n), 'string(s.n)'],
    [toText(x), 'json.marshal(s.x)'],
    [list([literal(1), x]), '[1.0, s.x]'],
    [orValue(optSelect(schema, 'x', FLOAT), literal(0)), 's.?x.orValue(0.0)'],
  ])('%#: %s', (node, expected) => {
    expect(print(node)).toBe(expected);
  });

  test('a number of an open type becomes an integer where it must be one, and is a double otherwise', () => {
    let made = 0;
    const open = (): Node => field(`open${++made}`, { kind: 'number', number: new NumberType('open') });
    const used = open();
    requireInteger(add(used, literal(1)));
    expect(print(add(used, literal(1)))).toMatch(/^s\.open\d+ \+ 1$/);
    expect(print(add(open(), literal(1)))).toMatch(/ \+ 1\.0$/);
    expect(() => requireInteger(divide(used, literal(2)))).toThrow(/takes an integer/);
  });
});

test('repeated scalar parts are bound once; lists and variables of macros are not bound', () => {
  const long = concat([text, literal('-'), toText(n), literal('-'), toText(m), literal('-'), text]);
  const shared = shareParts(
    new Lowering().lower(cond(eq(long, literal('q')), long, concat([literal('z'), call('hash', [long], STRING)]))),
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
      next: next(variable(accumulator, initial.type), variable(loop, INTEGER)),
    });
    return found === undefined ? undefined : print(found);
  };

  test.each<[string, Node, (acc: Node, element: Node) => Node, string | undefined]>([
    ['sum', literal(0), (acc, e) => add(acc, e), 's.l.sum()'],
    ['sum of products', n, (acc, e) => add(acc, multiply(e, m)), 's.n + s.l.map(e, e * s.m).sum()'],
    [
      'count',
      literal(0),
      (acc, e) => cond(compare('gt', e, literal(2)), add(acc, literal(1)), acc),
      'size(s.l.filter(e, e > 2))',
    ],
    ['join', literal('x'), (acc, e) => concat([acc, toText(e)]), '"x" + s.l.map(e, string(e)).join()'],
    ['any', literal(false), (acc, e) => or(acc, compare('gt', e, n)), 's.l.exists(e, e > s.n)'],
    ['all', literal(true), (acc, e) => and(acc, compare('gt', e, n)), 's.l.all(e, e > s.n)'],
    ['max', literal(0), (acc, e) => cond(compare('gt', e, acc), e, acc), '([0] + s.l).max()'],
    ['min', n, (acc, e) => cond(compare('lt', e, acc), e, acc), '([s.n] + s.l).min()'],
    ['last', literal(0), (_, e) => e, 's.l[size(s.l) - 1]'],
    ['product, which has no equivalent expression', literal(1), (acc, e) => multiply(acc, e), undefined],
  ])('%s', (name, initial, next, expected) => {
    const found = fold(initial, next);
    if (name === 'last') expect(found).toContain(expected);
    else expect(found).toBe(expected);
  });
});
