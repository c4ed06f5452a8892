import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../core/index.ts';
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
  withoutServerFields,
} from './object-fields.ts';
import { ruleAllows } from './rbac-rule.ts';
import { isLaterVersion, mayBeLaterVersion, wentBack } from './resource-version.ts';

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

const rule = { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['deployments', '*/scale'] };
const action = { verb: 'get', group: 'apps', resource: 'deployments', subresource: '', name: '' };

test.each([
  ['the named verb, group and resource', rule, action, true],
  ['another verb', rule, { ...action, verb: 'delete' }, false],
  ['another group', rule, { ...action, group: '' }, false],
  ['another resource', rule, { ...action, resource: 'pods' }, false],
  ['a subresource of a named resource', rule, { ...action, subresource: 'status' }, false],
  ['a subresource named for all resources', rule, { ...action, resource: 'statefulsets', subresource: 'scale' }, true],
  ['any action', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { ...action, subresource: 'status' }, true],
  ['a named object', { ...rule, resourceNames: ['web'] }, { ...action, name: 'web' }, true],
  ['an object that the rule does not name', { ...rule, resourceNames: ['web'] }, { ...action, name: 'db' }, false],
  ['an action on no single object, when the rule names objects', { ...rule, resourceNames: ['web'] }, action, false],
  ['an action, when the rule has only paths', { verbs: ['get'], nonResourceURLs: ['*'] }, action, false],
])('ruleAllows decides about %s (rule %j, action %j, allowed: %s)', (_name, given, wanted, allowed) => {
  expect(ruleAllows(given, wanted)).toBe(allowed);
});

test.each<[string | undefined, string | undefined, isLater: boolean, mayBeLater: boolean]>([
  ['10', '9', true, true],
  ['9', '10', false, false],
  ['7', '7', false, false],
  ['18446744073709551616', '9007199254740993', true, true],
  ['1', undefined, true, true],
  [undefined, '1', false, false],
  [undefined, undefined, false, true],
  ['a1', 'z9', false, true],
  ['z9', 'a1', false, true],
  ['z9', 'z9', false, false],
  ['5', '', false, true],
])('version %s is certainly later than %s: %s, and may be later: %s', (a, b, isLater, mayBeLater) => {
  expect([isLaterVersion(a, b), mayBeLaterVersion(a, b)]).toEqual([isLater, mayBeLater]);
});

test.each<[string | undefined, string, boolean]>([
  ['5000', '3000', true],
  ['5000', '5000', false],
  ['5000', '5001', false],
  [undefined, '3000', false],
  ['0', '3000', false],
  ['b-5', 'a-9', false],
  ['5000', '', false],
])('a server that had the version %s and now has %s was restored: %s', (known, present, expected) => {
  expect(wentBack(known, present)).toBe(expected);
});

test('for an object that is being deleted, withoutServerFields keeps only the fields that the author wrote', () => {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      labels: { team: 'b' },
      finalizers: ['example.com/f'],
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 30,
      managedFields: [],
    },
    data: { k: 'v' },
    status: {},
  };
  expect(withoutServerFields(object)).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels: { team: 'b' }, finalizers: ['example.com/f'] },
    data: { k: 'v' },
  });
});
