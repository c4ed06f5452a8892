import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../core/index.ts';
import {
  conditionIn,
  countAt,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  transitionTimeOf,
  valueAt,
} from './object-fields.ts';

const ROOT: JsonObject = {
  name: 'a',
  size: 3,
  large: 12n,
  list: [{ type: 'Ready', status: 'True', observedGeneration: 2 }, 'text', null],
  nested: { name: 'b', nothing: null },
};

describe('the value at a path', () => {
  test.each([
    ['a member', ['name'], 'a'],
    ['a member of a member', ['nested', 'name'], 'b'],
    ['null', ['nested', 'nothing'], null],
    ['a member of a string', ['name', 'length'], undefined],
    ['a member of the prototype', ['constructor'], undefined],
    ['the prototype of a member', ['nested', '__proto__'], undefined],
    ['an element of a list', ['list', '0'], undefined],
  ])('%s', (_what, path, expected) => expect(valueAt(ROOT, ...path)).toEqual(expected));
});

test('a value of a type that the function does not read counts as absent', () => {
  expect([textAt(ROOT, 'size'), textAt(undefined, 'name')]).toEqual(['', '']);
  expect([numberAt(ROOT, 'name'), numberAt(ROOT, 'large'), countAt(ROOT, 'name')]).toEqual([undefined, 12, 0]);
  expect([optionalAt(ROOT, 'list'), objectAt(ROOT, 'list')]).toEqual([undefined, {}]);
  expect([listAt(ROOT, 'nested'), listAt(ROOT, 'list')]).toEqual([[], ROOT['list']]);
});

test('objectsAt skips list elements that are not objects', () => {
  const conditions = objectsAt(ROOT, 'list');
  expect(conditions).toHaveLength(1);
  expect(conditionIn(conditions, 'Ready')).toEqual({ status: 'True', reason: '', message: '', observedGeneration: 2 });
  expect(conditionIn(conditions, 'Stalled')).toBeUndefined();
});

test.each([
  ['the known time for the same status', { status: 'True', lastTransitionTime: 'then' }, 'then'],
  ['the present time for another status', { status: 'False', lastTransitionTime: 'then' }, 'now'],
  ['the present time for a condition without a time', { status: 'True', lastTransitionTime: null }, 'now'],
  ['the present time for a new condition', undefined, 'now'],
])('transitionTimeOf returns %s', (_, known, expected) => {
  expect(transitionTimeOf(known, 'True', 'now')).toBe(expected);
});
