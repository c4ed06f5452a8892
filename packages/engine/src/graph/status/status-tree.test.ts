import { expect, test } from 'vitest';
import { formatPath } from '../path.ts';
import { literalPaths, statusProperties } from './status-tree.ts';

const STRING = { type: 'string' };
const INTEGER = { type: 'integer' };

test('paths become objects and lists', () => {
  const fields = [
    { steps: ['a', 'b'], leaf: STRING },
    { steps: ['a', 'c', 'd'], leaf: INTEGER },
    { steps: ['l', 0], leaf: STRING },
  ];
  expect(statusProperties(fields)).toEqual({
    a: { type: 'object', properties: { b: STRING, c: { type: 'object', properties: { d: INTEGER } } } },
    l: { type: 'array', items: STRING },
  });
});

test('elements of a list share one schema: objects are merged, and the last scalar type wins', () => {
  const fields = [
    { steps: ['l', 0, 'a'], leaf: STRING },
    { steps: ['l', 1, 'b'], leaf: INTEGER },
    { steps: ['s', 0], leaf: STRING },
    { steps: ['s', 1], leaf: INTEGER },
  ];
  expect(statusProperties(fields)).toEqual({
    l: { type: 'array', items: { type: 'object', properties: { a: STRING, b: INTEGER } } },
    s: { type: 'array', items: INTEGER },
  });
});

test('a key __proto__ is a property like any other', () => {
  const properties = statusProperties([{ steps: ['__proto__', 'x'], leaf: STRING }]);
  expect(Object.keys(properties)).toEqual(['__proto__']);
});

test('the paths of literals include null but not empty objects and lists', () => {
  const skeleton = { a: 1, b: { c: null, d: null }, e: [], f: {}, g: ['x'] };
  const paths = literalPaths(skeleton, new Set(['b.d']), formatPath).map((steps) => formatPath(steps));
  expect(paths).toEqual(['a', 'b.c', 'g[0]']);
});
