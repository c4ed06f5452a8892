import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { expandPaths, partialDifferences, wholeDifferences } from './partial-differences.ts';

const OBJECT: JsonObject = { a: { b: [1, { c: 'x', d: 2 }], e: true }, 'k.l': 1 };

describe('a partial object', () => {
  test.each<[JsonObject, string[]]>([
    [{}, []],
    [{ a: {} }, []],
    [{ 'a.b[1].c': 'x' }, []],
    [{ '["k.l"]': 1 }, []],
    [{ a: { b: [1, { d: 2 }] } }, []],
    [{ a: { b: [1] } }, ['a.b']],
    [{ a: { b: [2, { c: 'y' }] } }, ['a.b[0]', 'a.b[1].c']],
    [{ 'a.e': null }, ['a.e']],
    [{ 'a.f': null, 'a.g.h': null }, []],
    [{ 'a.b.c': 1 }, ['a.b.c']],
    [{ __proto__: 1, constructor: 1 }, ['constructor']],
  ])('%j differs from the object at %j', (expected, paths) => {
    expect(partialDifferences(expected, OBJECT).map(({ path }) => path)).toEqual(paths);
  });
});

test.each<[JsonValue, JsonValue | undefined, string[]]>([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 1, b: 2 }, ['b']],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2, c: 3 }] }, ['a[0].b', 'a[0].c']],
  [{ a: [1] }, { a: [1, 2] }, ['a']],
  [{ a: 1 }, undefined, ['']],
])('the differences of %j and %j are %j', (expected, received, paths) => {
  expect(wholeDifferences(expected, received).map(({ path }) => path)).toEqual(paths);
});

test.each<[JsonObject, JsonObject]>([
  [{ 'a.b': 1, 'a.c': 2 }, { a: { b: 1, c: 2 } }],
  [{ a: { b: 1 }, 'a.c': 2 }, { a: { b: 1, c: 2 } }],
  [{ 'a.c': 2, a: { b: 1 } }, { a: { b: 1, c: 2 } }],
  [{ 'metadata.labels["a.b/c"]': 'x' }, { metadata: { labels: { 'a.b/c': 'x' } } }],
  [{ '__proto__.a': 1 }, JSON.parse('{"__proto__":{"a":1}}') as JsonObject],
])('the paths of %j expand to %j', (object, expanded) => {
  expect(expandPaths(object)).toEqual(expanded);
});

const LIVE: JsonObject = { a: { list: [{ name: 'x', image: 'old', env: { b: 1, c: 2 } }, { name: 'y' }], n: 1 } };

test.each<[JsonObject, JsonObject]>([
  [{ 'a.list[0].image': 'new' }, { a: { list: [{ name: 'x', image: 'new', env: { b: 1, c: 2 } }, { name: 'y' }] } }],
  [
    { 'a.list[0].env': { b: null, d: 3 }, 'a.list[1].image': 'new', 'a.n': 2 },
    {
      a: {
        list: [
          { name: 'x', image: 'old', env: { c: 2, d: 3 } },
          { name: 'y', image: 'new' },
        ],
        n: 2,
      },
    },
  ],
  [{ 'a.list': [], 'a.n': null }, { a: { list: [], n: null } }],
])('a path into a list expands to the whole list: %j', (object, expanded) => {
  expect(expandPaths(object, LIVE)).toEqual(expanded);
  expect(LIVE).toMatchObject({ a: { list: [{ image: 'old' }, { name: 'y' }] } });
});

test.each([
  ['a.list[2].image', 'a.list[2]'],
  ['a.n[0]', 'a.n[0]'],
  ['b[0].c', 'b[0]'],
])('a change of %s is refused while the object has no %s', (path, missing) => {
  expect(() => expandPaths({ [path]: 1 }, LIVE)).toThrow(
    expect.objectContaining({ code: 'testing/no-object', message: `the object has no ${missing}` }),
  );
});
