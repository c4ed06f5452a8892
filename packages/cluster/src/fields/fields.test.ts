import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import { anyNode } from '../types/type-node.ts';
import { compareFields } from './compare-fields.ts';
import { mergeApplied } from './merge-applied.ts';
import { toFieldsV1, treeOfMembers } from './tree.ts';
import { capUpdaters, entryKey } from './entries.ts';
import type { ManagedEntry } from './entries.ts';
import { toParentEntries, toScaleEntries } from './scale-fields.ts';

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

/**
 * An entry for a write by `manager` at `minute` in the version `apiVersion`. The entry owns one field, which is named
 * like the manager.
 */
const entryOf = (manager: string, minute: number, apiVersion = 'v1'): ManagedEntry => ({
  manager,
  operation: 'Update',
  apiVersion,
  subresource: '',
  time: `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`,
  fields: treeOfMembers([[manager]]),
});

const LATE = Array.from({ length: 9 }, (_, index) => entryOf(`late${index}`, 50));

// The expected entries equal the result of `capUpdateManagers` in k8s.io/apimachinery.
test.each<[string, readonly ManagedEntry[], Readonly<Record<string, readonly string[]>>]>([
  ['all are kept if there are only ten', [entryOf('a', 1)], { 'v1 a': ['f:a'] }],
  ['the two oldest entries are merged', [entryOf('b', 2), entryOf('a', 1)], { 'v1 ancient-changes': ['f:a', 'f:b'] }],
  [
    'the only entry of another version is kept',
    [entryOf('a', 1, 'v2'), entryOf('b', 2), entryOf('c', 3)],
    { 'v2 a': ['f:a'], 'v1 ancient-changes': ['f:b', 'f:c', 'f:late0'] },
  ],
  [
    'entries are merged only with entries of the same version',
    [entryOf('a', 1, 'v2'), entryOf('b', 2), entryOf('c', 3, 'v2'), entryOf('d', 4)],
    { 'v2 ancient-changes': ['f:a', 'f:c'], 'v1 ancient-changes': ['f:b', 'f:d', 'f:late0'] },
  ],
  [
    'an earlier merged entry is merged with the oldest entry',
    [entryOf('ancient-changes', 1), entryOf('b', 2)],
    { 'v1 ancient-changes': ['f:ancient-changes', 'f:b'] },
  ],
  [
    'an entry that is older than the merged entry is kept',
    [entryOf('a', 1), entryOf('ancient-changes', 2)],
    { 'v1 a': ['f:a'], 'v1 ancient-changes': ['f:ancient-changes', 'f:late0'] },
  ],
])('with entries of many managers, %s', (_, early, expected) => {
  const entries = new Map([...early, ...LATE].map((entry) => [entryKey(entry), entry]));
  capUpdaters(entries);
  expect(entries.size).toBeLessThanOrEqual(10);
  const shown = [...entries.values()].filter(({ manager }) => !manager.startsWith('late'));
  expect(
    Object.fromEntries(
      shown.map(({ apiVersion, manager, fields }) => [`${apiVersion} ${manager}`, [...fields.children.keys()]]),
    ),
  ).toEqual(expected);
});

const entry = (manager: string, operation: ManagedEntry['operation'], paths: string[][], more = {}): ManagedEntry => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  subresource: '',
  time: 'then',
  fields: treeOfMembers(paths),
  ...more,
});
const REPLICAS = ['spec', 'replicas'];
const pathIn = (apiVersion: string) => (apiVersion === 'apps/v1' ? REPLICAS : undefined);
const scaler = entry('scaler', 'Update', [REPLICAS], { apiVersion: 'autoscaling/v1', subresource: 'scale' });

test('the owners of the replicas of an object own the replicas of its Scale', () => {
  const other = entry('other', 'Update', [['spec', 'paused']]);
  const unknown = entry('old', 'Update', [REPLICAS], { apiVersion: 'extensions/v1beta1' });
  const owner = entry('owner', 'Apply', [REPLICAS, ['spec', 'paused']]);
  expect(toScaleEntries([owner, other, unknown], pathIn)).toEqual([
    { ...owner, apiVersion: 'autoscaling/v1', fields: treeOfMembers([REPLICAS]) },
  ]);
});

test('a write to the Scale moves the ownership of the replicas to a new entry without a time', () => {
  const owner = entry('owner', 'Apply', [REPLICAS, ['spec', 'paused']]);
  expect(toParentEntries([owner], [scaler], pathIn, 'apps/v1')).toEqual([
    { ...owner, fields: treeOfMembers([['spec', 'paused']]) },
    { ...scaler, apiVersion: 'apps/v1', time: undefined, fields: treeOfMembers([REPLICAS]) },
  ]);
});

test('the entry of a manager that loses its only field is removed, and the entry of a manager that keeps the replicas does not change', () => {
  const owner = entry('owner', 'Apply', [REPLICAS]);
  expect(toParentEntries([owner], [scaler], pathIn, 'apps/v1')).toHaveLength(1);
  expect(toParentEntries([owner], toScaleEntries([owner], pathIn), pathIn, 'apps/v1')).toEqual([owner]);
});
