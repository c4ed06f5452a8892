import { describe, expect, test } from 'vitest';
import * as ir from './build.ts';
import { Lowering } from './lower.ts';
import { type Node, NodeTable, Variable, makeNode, withNodes } from './node.ts';
import { celText } from './to-cel.ts';
import { BOOL, DYN, INTEGER, STRING, joinTypes, listOf, mapOf, optionalOf } from './types.ts';
import type { Field, ObjectStaticType, StaticType } from './types.ts';
import { withOptionalReads } from './optional-reads.ts';
import { scriptOf } from './script.ts';

const schema = ir.variable(new Variable('s', 'schema'), DYN);
const resource = ir.variable(new Variable('r', 'resource'), DYN);
const item: StaticType = { kind: 'object', field: () => undefined, names: () => [], open: false };
const texts = ir.select(schema, 'texts', listOf(STRING));
const numbers = ir.select(schema, 'numbers', listOf(INTEGER));
const items = ir.select(schema, 'items', listOf(item));
const ports = ir.select(resource, 'ports', listOf(INTEGER));
const flag = ir.select(schema, 'flag', BOOL);
const one = ir.list([ir.object([{ key: ir.literal('name'), value: ir.literal('a') }])]);
const a = ir.list([ir.literal('a')]);

const bound = ir.macroVariable('v');

const print = (node: Node): string => celText(new Lowering().lower(node));

/** `list.name(e, body)`. */
function macroOver(of: Node, name: string, body: (element: Node) => Node): Node {
  const element = ir.macroVariable('e');
  const type = of.type.kind === 'list' ? of.type.element : DYN;
  return ir.macro(name, of, [element], [body(ir.variable(element, type))], of.type);
}

test.each<[string, Node, string]>([
  [
    'objects after those of the instance',
    ir.concatLists([items, one]),
    'dyn(s.items.map(e, e)) + dyn([{"name": "a"}])',
  ],
  ['objects before those of the instance', ir.concatLists([one, items]), 'dyn([{"name": "a"}]) + dyn(s.items)'],
  ['objects of the instance twice', ir.concatLists([items, items]), 's.items.map(e, e) + s.items'],
  [
    'a filtered list, which may be empty',
    ir.concatLists([macroOver(items, 'filter', () => flag), items, one]),
    'dyn(s.items.filter(e, s.flag)) + dyn(s.items.map(e2, e2)) + dyn([{"name": "a"}])',
  ],
  [
    'a branch that is a list of the instance',
    ir.concatLists([ir.cond(flag, items, ir.list([])), one]),
    'dyn(s.flag ? s.items.map(e, e) : []) + dyn([{"name": "a"}])',
  ],
  [
    'lists in a list',
    ir.concatLists([ir.select(schema, 'l', listOf(listOf(STRING))), ir.list([a])]),
    's.l.map(e, e) + [["a"]]',
  ],
  ['values of two types', ir.concatLists([texts, numbers]), 'dyn(s.texts.map(e, e)) + dyn(s.numbers)'],
  ['strings of the instance with string literals', ir.concatLists([texts, a, texts]), 's.texts + ["a"] + s.texts'],
  [
    'strings of the instance that may be missing',
    ir.concatLists([ir.orValue(ir.optSelect(schema, 'more', listOf(STRING)), ir.list([])), a]),
    's.?more.orValue([]) + ["a"]',
  ],
  [
    'a list of a live object, which the API server may treat as a set',
    ir.concatLists([ports, ir.list([ir.literal(1)])]),
    'r.ports.map(e, e) + [1]',
  ],
  [
    'a variable whose value is a list: without the copy, two sums of this list would share memory',
    ir.macro('bind', texts, [bound], [ir.concatLists([ir.variable(bound, texts.type), a])], texts.type),
    'cel.bind(v, s.texts, v.map(e, e) + ["a"])',
  ],
])('a sum of lists is printed so that kro joins them as JavaScript does: %s', (_, node, expected) => {
  expect(print(node)).toBe(expected);
});

describe('optional reads', () => {
  const schema = ir.variable(new Variable('s', 'schema'), STRING);
  const field = (name: string, type: StaticType): Node => ir.select(schema, name, type);
  const [image, other] = [field('image', STRING), field('other', STRING)];
  const tag = ir.select(image, 'tag', STRING);
  const [labels, words] = [field('labels', mapOf(STRING)), field('words', listOf(STRING))];
  const on = field('on', BOOL);
  const inner = ir.select(image, 'on', BOOL);
  const key = ir.literal('a/b');
  const label = ir.index(labels, key, STRING);
  const first = ir.index(words, ir.literal(0), STRING);
  const hasTag = ir.and(ir.has(schema, 'image'), ir.has(image, 'tag'));
  const x = ir.literal('x');

  describe('presence tests of members are written as optional reads', () => {
    test.each<[string, Node, string]>([
      ['a field with a fallback', ir.cond(ir.has(schema, 'image'), image, x), 's.?image.orValue("x")'],
      ['each field of a path', ir.cond(hasTag, tag, x), 's.?image.?tag.orValue("x")'],
      ['the last field alone', ir.cond(ir.has(image, 'tag'), tag, x), 's.image.?tag.orValue("x")'],
      [
        'fallbacks in a row',
        ir.cond(ir.has(schema, 'image'), image, ir.cond(ir.has(schema, 'other'), other, x)),
        's.?image.orValue(s.?other.orValue("x"))',
      ],
      ['a key of a map', ir.cond(ir.isIn(key, labels), label, x), 's.labels[?"a/b"].orValue("x")'],
      [
        'a key of an optional map',
        ir.cond(ir.and(ir.has(schema, 'labels'), ir.isIn(key, labels)), label, x),
        's.?labels[?"a/b"].orValue("x")',
      ],
      [
        'an element',
        ir.cond(ir.compare('gt', ir.size(words, INTEGER), ir.literal(0)), first, x),
        's.words[?0].orValue("x")',
      ],
      ['an optional boolean whose absence means false', ir.and(ir.has(schema, 'on'), on), 's.?on.orValue(false)'],
      ['an optional boolean whose absence means true', ir.or(ir.not(ir.has(schema, 'on')), on), 's.?on.orValue(true)'],
      [
        'inside of other expressions',
        ir.list([
          ir.cond(ir.has(schema, 'image'), image, x),
          ir.not(ir.and(ir.and(ir.has(schema, 'image'), ir.has(image, 'on')), inner)),
        ]),
        '[s.?image.orValue("x"), !s.?image.?on.orValue(false)]',
      ],
    ])('%s', (_, node, expected) => {
      expect(celText(withOptionalReads(node))).toBe(expected);
    });

    test.each<[string, Node, string]>([
      [
        'another condition beside the test',
        ir.cond(ir.and(ir.has(schema, 'image'), on), image, x),
        'has(s.image) && s.on ? s.image : "x"',
      ],
      [
        'a value other than the tested member',
        ir.cond(ir.has(schema, 'image'), other, x),
        'has(s.image) ? s.other : "x"',
      ],
      [
        'a member that is read without a test',
        ir.cond(ir.has(schema, 'image'), tag, x),
        'has(s.image) ? s.image.tag : "x"',
      ],
      [
        'a value that is computed from the tested member',
        ir.and(ir.has(schema, 'image'), ir.eq(image, x)),
        'has(s.image) && s.image == "x"',
      ],
      [
        'a position that may be negative',
        ir.cond(
          ir.compare('gt', ir.size(words, INTEGER), field('n', INTEGER)),
          ir.index(words, field('n', INTEGER), STRING),
          x,
        ),
        'size(s.words) > s.n ? s.words[s.n] : "x"',
      ],
    ])('the presence test stays: %s', (_, node, expected) => {
      expect(celText(withOptionalReads(node))).toBe(expected);
    });
  });
});

describe('script', () => {
  const spec = (): Node => ir.select(ir.variable(new Variable('schema', 'schema'), DYN), 'spec', DYN);
  const name = (): Node => ir.select(spec(), 'name', STRING);
  const count = (): Node => ir.select(spec(), 'n', INTEGER);
  const flag = (): Node => ir.select(spec(), 'b', BOOL);
  const negative = (): Node => makeNode({ kind: 'neg', args: [count()], type: INTEGER });
  const orZero = (): Node => ir.orValue(ir.optSelect(spec(), 'n', INTEGER), ir.literal(0));
  const tags = (): Node => ir.select(spec(), 'tags', listOf(STRING));

  const CASES: readonly (readonly [() => Node, string | undefined])[] = [
    [() => ir.concat([name(), ir.literal('-x')]), "s.name + '-x'"],
    [() => ir.index(tags(), ir.literal(0), STRING), 's.tags[0]'],
    [() => ir.select(spec(), 'a/b', STRING), "s['a/b']"],
    [() => ir.not(ir.eq(name(), ir.literal('a'))), "s.name !== 'a'"],
    [() => ir.not(ir.has(spec(), 'name')), 's.name === undefined'],
    [() => ir.isIn(name(), tags()), 's.tags.includes(s.name)'],
    [() => ir.call('size', [tags()], INTEGER), 's.tags.length'],
    [() => ir.cond(ir.eq(count(), ir.literal(1)), name(), ir.literal('')), "s.n === 1 ? s.name : ''"],
    [() => ir.toText(ir.add(count(), ir.literal(1))), 'String(s.n + 1)'],
    [() => makeNode({ kind: 'tofixed', args: [count()], digits: 1, type: STRING }), 's.n.toFixed(1)'],
    [
      () => makeNode({ kind: 'pow', args: [ir.add(count(), ir.literal(1))], exponent: 2, type: INTEGER }),
      '(s.n + 1) ** 2',
    ],
    [() => makeNode({ kind: 'pow', args: [negative()], exponent: 2, type: INTEGER }), '(-s.n) ** 2'],
    [() => makeNode({ kind: 'pow', args: [ir.literal(-2)], exponent: 2, type: INTEGER }), '(-2) ** 2'],
    [() => makeNode({ kind: 'neg', args: [negative()], type: INTEGER }), '-(-s.n)'],
    [() => makeNode({ kind: 'toint32', args: [orZero()], type: INTEGER }), '(s?.n ?? 0) | 0'],
    [() => ir.or(ir.orValue(ir.optSelect(spec(), 'on', BOOL), ir.literal(false)), flag()), '(s?.on ?? false) || s.b'],
    [() => ir.orValue(ir.and(flag(), ir.select(spec(), 'c', BOOL)), ir.literal(true)), '(s.b && s.c) ?? true'],
    [() => ir.method('lowerAscii', name(), [], STRING), 's.name.toLowerCase()'],
    [
      () => {
        const t = ir.macroVariable('t');
        return ir.macro('exists', tags(), [t], [ir.eq(ir.variable(t, STRING), name())], BOOL);
      },
      's.tags.some((t) => t === s.name)',
    ],
    [() => ir.index(ir.list([name()]), ir.literal(0), STRING), '[s.name][0]'],
    [() => ir.method('find', name(), [ir.literal('a')], STRING), undefined],
    [
      () => ir.method('join', ir.method('find', name(), [ir.literal('a')], listOf(STRING)), [ir.literal(',')], STRING),
      undefined,
    ],
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
