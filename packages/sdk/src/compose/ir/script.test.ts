import { expect, test } from 'vitest';
import {
  add,
  and,
  call,
  concat,
  cond,
  eq,
  has,
  index,
  isIn,
  list,
  literal,
  macro,
  macroVariable,
  method,
  not,
  optSelect,
  or,
  orValue,
  select,
  toText,
  variable,
} from './build.ts';
import { makeNode, NodeTable, Variable, withNodes } from './node.ts';
import type { Node } from './node.ts';
import { scriptOf } from './script.ts';
import { BOOL, DYN, INTEGER, listOf, STRING } from './value-types.ts';

const spec = (): Node => select(variable(new Variable('schema', 'schema'), DYN), 'spec', DYN);
const name = (): Node => select(spec(), 'name', STRING);
const count = (): Node => select(spec(), 'n', INTEGER);
const flag = (): Node => select(spec(), 'b', BOOL);
const negative = (): Node => makeNode({ kind: 'neg', args: [count()], type: INTEGER });
const orZero = (): Node => orValue(optSelect(spec(), 'n', INTEGER), literal(0));
const tags = (): Node => select(spec(), 'tags', listOf(STRING));

const CASES: readonly (readonly [() => Node, string | undefined])[] = [
  [() => concat([name(), literal('-x')]), "s.name + '-x'"],
  [() => index(tags(), literal(0), STRING), 's.tags[0]'],
  [() => select(spec(), 'a/b', STRING), "s['a/b']"],
  [() => not(eq(name(), literal('a'))), "s.name !== 'a'"],
  [() => not(has(spec(), 'name')), 's.name === undefined'],
  [() => isIn(name(), tags()), 's.tags.includes(s.name)'],
  [() => call('size', [tags()], INTEGER), 's.tags.length'],
  [() => cond(eq(count(), literal(1)), name(), literal('')), "s.n === 1 ? s.name : ''"],
  [() => toText(add(count(), literal(1))), 'String(s.n + 1)'],
  [() => makeNode({ kind: 'tofixed', args: [count()], digits: 1, type: STRING }), 's.n.toFixed(1)'],
  [() => makeNode({ kind: 'pow', args: [add(count(), literal(1))], exponent: 2, type: INTEGER }), '(s.n + 1) ** 2'],
  [() => makeNode({ kind: 'pow', args: [negative()], exponent: 2, type: INTEGER }), '(-s.n) ** 2'],
  [() => makeNode({ kind: 'pow', args: [literal(-2)], exponent: 2, type: INTEGER }), '(-2) ** 2'],
  [() => makeNode({ kind: 'neg', args: [negative()], type: INTEGER }), '-(-s.n)'],
  [() => makeNode({ kind: 'toint32', args: [orZero()], type: INTEGER }), '(s?.n ?? 0) | 0'],
  [() => or(orValue(optSelect(spec(), 'on', BOOL), literal(false)), flag()), '(s?.on ?? false) || s.b'],
  [() => orValue(and(flag(), select(spec(), 'c', BOOL)), literal(true)), '(s.b && s.c) ?? true'],
  [() => method('lowerAscii', name(), [], STRING), 's.name.toLowerCase()'],
  [
    () => {
      const t = macroVariable('t');
      return macro('exists', tags(), [t], [eq(variable(t, STRING), name())], BOOL);
    },
    's.tags.some((t) => t === s.name)',
  ],
  [() => index(list([name()]), literal(0), STRING), '[s.name][0]'],
  [() => method('find', name(), [literal('a')], STRING), undefined],
  [() => method('join', method('find', name(), [literal('a')], listOf(STRING)), [literal(',')], STRING), undefined],
];

test.each(CASES)('scriptOf() returns the JavaScript form of an expression, or undefined: case %#', (make, expected) => {
  withNodes(new NodeTable(), () => expect(scriptOf(make(), 's')).toBe(expected));
});
