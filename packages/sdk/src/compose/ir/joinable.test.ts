import { expect, test } from 'vitest';
import {
  concatLists,
  cond,
  list,
  literal,
  macro,
  macroVariable,
  object,
  optSelect,
  orValue,
  select,
  variable,
} from './build.ts';
import { Lowering } from './lower.ts';
import type { Node } from './node.ts';
import { Variable } from './node.ts';
import { celText } from './to-cel.ts';
import type { StaticType } from './value-types.ts';
import { BOOL, DYN, INTEGER, listOf, STRING } from './value-types.ts';

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
