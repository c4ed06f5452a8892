import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import {
  difference,
  emptyTree,
  formatFieldPath,
  fromFieldsV1,
  intersection,
  pathsOf,
  sameTree,
  toFieldsV1,
  treeOfMembers,
  unionOfTrees,
} from './tree.ts';
import type { FieldTree } from './tree.ts';

const names = fc.constantFrom('a', 'b', 'c');
const trees = fc.array(fc.array(names, { minLength: 1, maxLength: 4 }), { maxLength: 8 }).map(treeOfMembers);
const keys = (tree: FieldTree) => new Set([...pathsOf(tree)].map((path) => path.join(' ')));

test('union, difference and intersection have the same results as operations on sets of paths', () => {
  fc.assert(
    fc.property(trees, trees, (left, right) => {
      const [a, b] = [keys(left), keys(right)];
      expect(keys(unionOfTrees(left, right))).toEqual(new Set([...a, ...b]));
      expect(keys(difference(left, right))).toEqual(new Set([...a].filter((key) => !b.has(key))));
      expect(keys(intersection(left, right))).toEqual(new Set([...a].filter((key) => b.has(key))));
    }),
    { numRuns: 300 },
  );
});

test('an operation that does not change a set returns the same object', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      expect(unionOfTrees(tree, tree)).toBe(tree);
      expect(difference(tree, emptyTree)).toBe(tree);
      expect(difference(tree, treeOfMembers([['other']]))).toBe(tree);
    }),
  );
});

test('a set that is written as fieldsV1 and parsed again is the same set', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const read = fromFieldsV1(JSON.parse(JSON.stringify(toFieldsV1(tree))) as JsonObject);
      expect(read !== undefined && sameTree(read, tree)).toBe(true);
    }),
  );
});

test.each(['k:{"a":1', 'k:1', 'k:', 'v:{', 'v:', 'i:', 'i:x', 'x:a', 'f'])('the step %s is malformed', (step) => {
  expect(fromFieldsV1({ 'f:spec': { [step]: {} } })).toBeUndefined();
});

test.each([
  [['f:spec', 'k:{"port":53,"protocol":"UDP"}', 'f:name'], '.spec[port=53,protocol="UDP"].name'],
  [['f:metadata', 'f:finalizers', 'v:"a/b"'], '.metadata.finalizers[="a/b"]'],
  [['f:list', 'i:0'], '.list[0]'],
])('the path %j is formatted as %s', (path, text) => {
  expect(formatFieldPath(path)).toBe(text);
});

test.each([[{ 'x:a': {} }], [{ 'f:a': 1 }], [[]], ['text']])('%j is not valid fieldsV1', (value) => {
  expect(fromFieldsV1(value as JsonObject)).toBeUndefined();
});

test('the written fields without parts share one object, so that many fields cost little', () => {
  const written = toFieldsV1(fromFieldsV1({ 'f:a': {}, 'f:b': { 'f:c': {}, '.': {} } }) ?? emptyTree);
  const inner = written['f:b'] as JsonObject;
  expect([inner['.'], inner['f:c']]).toEqual([{}, {}]);
  expect(inner['f:c']).toBe(written['f:a']);
});
