import { describe, expect, test } from 'vitest';
import {
  add,
  and,
  call,
  compare,
  concat,
  concatLists,
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
  object,
  optSelect,
  or,
  orValue,
  select,
  size,
  toText,
  variable,
} from './build.ts';
import { Lowering } from './lower.ts';
import { type Node, NodeTable, Variable, makeNode, withNodes } from './node.ts';
import { celText } from './to-cel.ts';
import { BOOL, DYN, INTEGER, STRING, joinTypes, listOf, mapOf, optionalOf } from './types.ts';
import type { Field, ObjectStaticType, StaticType } from './types.ts';
import { withOptionalReads } from './optional-reads.ts';
import { scriptOf } from './script.ts';

const schema = variable(new Variable('s', 'schema'), DYN);
const resource = variable(new Variable('r', 'resource'), DYN);
const item: StaticType = { kind: 'object', field: () => undefined, names: () => [], open: false };
const texts = select(schema, 'texts', listOf(STRING));
const numbers = select(schema, 'numbers', listOf(INTEGER));
const items = select(schema, 'items', listOf(item));
const ports = select(resource, 'ports', listOf(INTEGER));
const flag = select(schema, 'flag', BOOL);
const one = list([object([{ key: literal('name'), value: literal('a') }])]);
const a = list([literal('a')]);

const bound = macroVariable('v');

const print = (node: Node): string => celText(new Lowering().lower(node));

/** `list.name(e, body)`. */
function macroOver(of: Node, name: string, body: (element: Node) => Node): Node {
  const element = macroVariable('e');
  const type = of.type.kind === 'list' ? of.type.element : DYN;
  return macro(name, of, [element], [body(variable(element, type))], of.type);
}

test.each<[string, Node, string]>([
  ['objects after those of the instance', concatLists([items, one]), 'dyn(s.items.map(e, e)) + dyn([{"name": "a"}])'],
  ['objects before those of the instance', concatLists([one, items]), 'dyn([{"name": "a"}]) + dyn(s.items)'],
  ['objects of the instance twice', concatLists([items, items]), 's.items.map(e, e) + s.items'],
  [
    'a filtered list, which may be empty',
    concatLists([macroOver(items, 'filter', () => flag), items, one]),
    'dyn(s.items.filter(e, s.flag)) + dyn(s.items.map(e2, e2)) + dyn([{"name": "a"}])',
  ],
  [
    'a branch that is a list of the instance',
    concatLists([cond(flag, items, list([])), one]),
    'dyn(s.flag ? s.items.map(e, e) : []) + dyn([{"name": "a"}])',
  ],
  ['lists in a list', concatLists([select(schema, 'l', listOf(listOf(STRING))), list([a])]), 's.l.map(e, e) + [["a"]]'],
  ['values of two types', concatLists([texts, numbers]), 'dyn(s.texts.map(e, e)) + dyn(s.numbers)'],
  ['strings of the instance with string literals', concatLists([texts, a, texts]), 's.texts + ["a"] + s.texts'],
  [
    'strings of the instance that may be missing',
    concatLists([orValue(optSelect(schema, 'more', listOf(STRING)), list([])), a]),
    's.?more.orValue([]) + ["a"]',
  ],
  [
    'a list of a live object, which the API server may treat as a set',
    concatLists([ports, list([literal(1)])]),
    'r.ports.map(e, e) + [1]',
  ],
  [
    'a variable whose value is a list: without the copy, two sums of this list would share memory',
    macro('bind', texts, [bound], [concatLists([variable(bound, texts.type), a])], texts.type),
    'cel.bind(v, s.texts, v.map(e, e) + ["a"])',
  ],
])('a sum of lists is printed so that kro joins them as JavaScript does: %s', (_, node, expected) => {
  expect(print(node)).toBe(expected);
});

describe('optional reads', () => {
  const schema = variable(new Variable('s', 'schema'), STRING);
  const field = (name: string, type: StaticType): Node => select(schema, name, type);
  const [image, other] = [field('image', STRING), field('other', STRING)];
  const tag = select(image, 'tag', STRING);
  const [labels, words] = [field('labels', mapOf(STRING)), field('words', listOf(STRING))];
  const on = field('on', BOOL);
  const inner = select(image, 'on', BOOL);
  const key = literal('a/b');
  const label = index(labels, key, STRING);
  const first = index(words, literal(0), STRING);
  const hasTag = and(has(schema, 'image'), has(image, 'tag'));
  const x = literal('x');

  describe('presence tests of members are written as optional reads', () => {
    test.each<[string, Node, string]>([
      ['a field with a fallback', cond(has(schema, 'image'), image, x), 's.?image.orValue("x")'],
      ['each field of a path', cond(hasTag, tag, x), 's.?image.?tag.orValue("x")'],
      ['the last field alone', cond(has(image, 'tag'), tag, x), 's.image.?tag.orValue("x")'],
      [
        'fallbacks in a row',
        cond(has(schema, 'image'), image, cond(has(schema, 'other'), other, x)),
        's.?image.orValue(s.?other.orValue("x"))',
      ],
      ['a key of a map', cond(isIn(key, labels), label, x), 's.labels[?"a/b"].orValue("x")'],
      [
        'a key of an optional map',
        cond(and(has(schema, 'labels'), isIn(key, labels)), label, x),
        's.?labels[?"a/b"].orValue("x")',
      ],
      ['an element', cond(compare('gt', size(words, INTEGER), literal(0)), first, x), 's.words[?0].orValue("x")'],
      ['an optional boolean whose absence means false', and(has(schema, 'on'), on), 's.?on.orValue(false)'],
      ['an optional boolean whose absence means true', or(not(has(schema, 'on')), on), 's.?on.orValue(true)'],
      [
        'inside of other expressions',
        list([cond(has(schema, 'image'), image, x), not(and(and(has(schema, 'image'), has(image, 'on')), inner))]),
        '[s.?image.orValue("x"), !s.?image.?on.orValue(false)]',
      ],
    ])('%s', (_, node, expected) => {
      expect(celText(withOptionalReads(node))).toBe(expected);
    });

    test.each<[string, Node, string]>([
      [
        'another condition beside the test',
        cond(and(has(schema, 'image'), on), image, x),
        'has(s.image) && s.on ? s.image : "x"',
      ],
      ['a value other than the tested member', cond(has(schema, 'image'), other, x), 'has(s.image) ? s.other : "x"'],
      ['a member that is read without a test', cond(has(schema, 'image'), tag, x), 'has(s.image) ? s.image.tag : "x"'],
      [
        'a value that is computed from the tested member',
        and(has(schema, 'image'), eq(image, x)),
        'has(s.image) && s.image == "x"',
      ],
      [
        'a position that may be negative',
        cond(compare('gt', size(words, INTEGER), field('n', INTEGER)), index(words, field('n', INTEGER), STRING), x),
        'size(s.words) > s.n ? s.words[s.n] : "x"',
      ],
    ])('the presence test stays: %s', (_, node, expected) => {
      expect(celText(withOptionalReads(node))).toBe(expected);
    });
  });
});

describe('script', () => {
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

  test.each(CASES)(
    'scriptOf() returns the JavaScript form of an expression, or undefined: case %#',
    (make, expected) => {
      withNodes(new NodeTable(), () => expect(scriptOf(make(), 's')).toBe(expected));
    },
  );
});

const objectOf = (fields: Readonly<Record<string, Field>>): ObjectStaticType => ({
  kind: 'object',
  open: false,
  names: () => Object.keys(fields),
  field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
});

test.each<[string, StaticType, StaticType, StaticType]>([
  ['of one type', optionalOf(STRING), optionalOf(STRING), optionalOf(STRING)],
  ['of different types', optionalOf(STRING), optionalOf(INTEGER), optionalOf(DYN)],
  ['of nested types', optionalOf(optionalOf(STRING)), optionalOf(optionalOf(INTEGER)), optionalOf(optionalOf(DYN))],
])('two optional values %s are joined to an optional value of the joined type', (_, a, b, joined) => {
  expect(joinTypes(a, b)).toBe(joined);
});

const COUNTER: Field = { type: INTEGER, required: false, counter: true };

describe('a field of two joined object types', () => {
  const derived = { cel: 'self.a', instead: 'a', path: 'status.phase' };
  const text: Field = { type: STRING, required: true };
  test.each<[string, Field | undefined, Field | undefined, Field | undefined]>([
    ['stays a counter when it is a counter in both', COUNTER, COUNTER, COUNTER],
    ['does not exist when both types lack it', undefined, undefined, undefined],
    ['is optional when one type lacks it', text, undefined, { type: STRING, required: false }],
    [
      'is null or undefined when it may be null in one type, and the other type lacks it',
      { type: STRING, required: false, missing: 'null' },
      undefined,
      { type: STRING, required: false, missing: 'either' },
    ],
    [
      'is no counter when one type lacks it',
      undefined,
      { type: INTEGER, required: false, counter: true },
      { type: INTEGER, required: false },
    ],
    [
      'keeps the formula that both types have',
      { ...text, derived },
      { ...text, derived: { ...derived } },
      { ...text, derived },
    ],
    ['does not exist when only one type has it, with a formula', { ...text, derived }, undefined, undefined],
    ['does not exist when both types have it and only one has a formula for it', { ...text, derived }, text, undefined],
    [
      'does not exist when the formulas differ',
      { ...text, derived },
      { ...text, derived: { ...derived, cel: 'self.b' } },
      undefined,
    ],
  ])('%s', (_, a, b, expected) => {
    for (const [left, right] of [
      [a, b],
      [b, a],
    ] as const) {
      const joined = joinTypes(
        objectOf(left ? { f: left } : {}),
        objectOf(right ? { f: right } : {}),
      ) as ObjectStaticType;
      expect(joined.field('f')).toEqual(expected);
      expect(joined.names()).toEqual(expected === undefined ? [] : ['f']);
    }
  });
});
