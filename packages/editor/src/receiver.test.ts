import { expect, test } from 'vitest';
import { beforeCursor } from './receiver.ts';

test.each([
  ['schema.spec.constructor.', { receiver: 'schema.spec.constructor' }],
  ['a.toString().valueOf.', { receiver: 'a.toString().valueOf' }],
  [
    'list.map(x, x.toString + x.',
    { receiver: 'x', macros: [{ name: 'map', receiver: 'list', variables: ['x'], args: ['x'] }] },
  ],
])('a name of an Object member, such as constructor, is not treated as a bracket: %s', (text, expected) => {
  expect(beforeCursor(text)).toMatchObject(expected);
});

test.each([
  ['list.map(p, p.', [['p']]],
  ['list.map(p, web, p.', [['p']]],
  ['list.map(p, p, web.', [['p']]],
  ['list.transformList(i, p, p, web.', [['i', 'p']]],
  ['list.map(p, p.name.replace(p, p.', [['p']]],
  ['list.map(p, math.greatest(p, p.', [['p']]],
  ['list.map(p, list.exists_one(q, q.', [['p'], ['q']]],
  ['list.all(p, p.', [['p']]],
  ['list.all(i, p, p.', [['i', 'p']]],
  ['list.all(p.', []],
  ['list.transformList(i, p.', []],
  ['list.transformList(i, p, i > 0, p.', [['i', 'p']]],
  ['list.map(p, f(p, p), p.', [['p']]],
  ['list.map(in, p.', []],
  ['cel.bind(x, x.', []],
  ['cel.bind(x, web, x.', [['x']]],
  ['other.bind(x, web, x.', []],
  ['(schema.spec.name ? list : other).map(p, p.', [['p']]],
  ['list.sortBy(p, p.', [['p']]],
  ['value.?a.optMap(p, p.', [['p']]],
])('the macros around a cursor bind the variables that are in scope at the cursor: %s', (text, expected) => {
  expect(beforeCursor(text).macros.map(({ variables }) => variables)).toEqual(expected);
});

test.each([
  ['{"a": schema.spec}["a"].', '{"a": schema.spec}["a"]'],
  ['1 + {"a": schema.spec}["a"].?b.', '{"a": schema.spec}["a"].?b'],
  ['web.metadata.labels.`app/name`[0].', 'web.metadata.labels.`app/name`[0]'],
  ['web.`a-b`["x"][0].name.', 'web.`a-b`["x"][0].name'],
  ['"ab"[0].', '"ab"[0]'],
  ['value in ["ab"].', '["ab"]'],
])('an index belongs to the map, the name or the literal before it: %s', (text, receiver) => {
  expect(beforeCursor(text).receiver).toBe(receiver);
});

test('the operator `in` before a parenthesised expression is not the name of a call', () => {
  expect(beforeCursor('schema.spec.name in (schema.spec).').receiver).toBe('(schema.spec)');
});
