import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { anyNode } from '../types/node.ts';
import { compareFields } from './compare.ts';
import { mergeApplied } from './merge.ts';
import { toFieldsV1 } from './tree.ts';

const differences = (before: JsonValue | undefined, after: JsonValue | undefined) => {
  const wrap = (value: JsonValue | undefined): JsonValue => (value === undefined ? {} : { x: value });
  const { added, modified, removed } = compareFields(anyNode, wrap(before), wrap(after));
  return [added, modified, removed].map((tree) => toFieldsV1(tree)['f:x'] ?? '-');
};

test.each<[string, JsonValue | undefined, JsonValue | undefined, unknown[]]>([
  ['an object that becomes a list', { b: 1 }, [1], ['-', {}, { 'f:b': {} }]],
  ['an object that becomes a number', { b: 1 }, 1, ['-', {}, { 'f:b': {} }]],
  ['a number that becomes an object', 1, { b: 1 }, [{ 'f:b': {} }, {}, '-']],
  ['an object that becomes null', { b: 1 }, null, ['-', '-', { 'f:b': {} }]],
  ['null that becomes an object', null, { b: 1 }, [{ 'f:b': {} }, '-', '-']],
  ['an empty object that becomes null', {}, null, ['-', {}, '-']],
  ['null that becomes a number', null, 1, ['-', {}, '-']],
  ['a new object', undefined, { b: 1 }, [{ '.': {}, 'f:b': {} }, '-', '-']],
  ['an equal value', { b: [1] }, { b: [1] }, ['-', '-', '-']],
])('without a schema, the comparison reports the difference of %s', (_, before, after, expected) => {
  expect(differences(before, after)).toEqual(expected);
});

test.each<[string, JsonValue | undefined, JsonValue, JsonValue]>([
  ['null does not change an object with members', { b: 1 }, null, { b: 1 }],
  ['null replaces an empty object', {}, null, null],
  ['an empty object does not change an object with members', { b: 1 }, {}, { b: 1 }],
  ['a list replaces an object', { b: 1 }, [1], [1]],
  ['an object replaces a list', [1], { b: 1 }, { b: 1 }],
])('in an apply without a schema, %s', (_, live, applied, expected) => {
  expect(mergeApplied(anyNode, live, applied)).toEqual(expected);
});
