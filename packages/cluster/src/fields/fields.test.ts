import { expect, test } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import fc from 'fast-check';
import { type ListNode, anyNode } from '../types/type-node.ts';
import { builtinType } from '../types/builtin.ts';
import { compareFields } from './compare-fields.ts';
import { mergeApplied } from './merge-applied.ts';
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
import { type ManagedEntry, capUpdaters, entryKey } from './entries.ts';
import { toParentEntries, toScaleEntries } from './scale-fields.ts';
import { type FieldContext, applyWithOwnership } from './ownership.ts';

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

const VARIABLES: ListNode = { kind: 'list', list: 'map', keys: ['name'], items: anyNode };
const NAMES: ListNode = { kind: 'list', list: 'set', keys: [], items: { kind: 'scalar', type: 'string' } };

// A PUT may store several elements with one key. An apply with such elements is refused. An apply treats all stored
// elements with one key as one element.
test.each<[string, JsonValue[], JsonValue[], JsonValue[]]>([
  [
    'one of two keys',
    [{ name: 'a', x: 1 }, { name: 'b' }],
    [{ name: 'a', y: 2 }],
    [{ name: 'a', x: 1, y: 2 }, { name: 'b' }],
  ],
  [
    'a key that is stored twice',
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
    ],
    [{ name: 'a', y: 3 }],
    [{ name: 'a', y: 3 }],
  ],
  [
    'a key that is stored twice, and another key',
    [{ name: 'a', x: 1 }, { name: 'b' }, { name: 'a', x: 2 }],
    [
      { name: 'b', y: 1 },
      { name: 'a', y: 2 },
    ],
    [
      { name: 'b', y: 1 },
      { name: 'a', y: 2 },
    ],
  ],
  [
    'a key next to another key that is stored twice',
    [{ name: 'a', x: 1 }, { name: 'a', x: 2 }, { name: 'b' }],
    [{ name: 'b', y: 1 }],
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
      { name: 'b', y: 1 },
    ],
  ],
  [
    'a key that is stored twice, and a new key',
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
    ],
    [
      { name: 'a', y: 1 },
      { name: 'b', y: 2 },
    ],
    [
      { name: 'a', y: 1 },
      { name: 'b', y: 2 },
    ],
  ],
  [
    'a repeated key that is stored twice',
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
    ],
    [
      { name: 'a', y: 1 },
      { name: 'a', y: 2 },
    ],
    [
      { name: 'a', y: 1 },
      { name: 'a', y: 2 },
    ],
  ],
])('an apply merges a list of maps by its keys: %s', (_name, live, applied, merged) => {
  expect(mergeApplied(VARIABLES, live, applied)).toEqual(merged);
});

test.each<[string[], string[], string[]]>([
  [['a', 'a', 'b'], ['a'], ['a', 'b']],
  [['a', 'b', 'a'], ['c'], ['a', 'b', 'a', 'c']],
  [
    ['a', 'b'],
    ['b', 'a'],
    ['b', 'a'],
  ],
])('the live set %j with the applied set %j becomes %j', (live, applied, merged) => {
  expect(mergeApplied(NAMES, live, applied)).toEqual(merged);
});

const context: FieldContext = {
  apiVersion: 'apps/v1',
  node: builtinType('apps.v1.Deployment'),
  builtin: true,
  subresource: '',
  resetFields: emptyTree,
  time: '2020-01-01T00:00:00Z',
  inVersion: () => undefined,
};

const text = fc.constantFrom('a', 'b');
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const containers = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('one', 'two', 'three'),
    image: some(text),
    args: some(fc.array(text, { maxLength: 2 })),
    env: some(fc.uniqueArray(fc.record({ name: text, value: text }), { selector: ({ name }) => name })),
    resources: some(fc.constant({})),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
);
const configs = fc
  .record({
    labels: some(fc.dictionary(text, text)),
    replicas: some(fc.integer({ min: 0, max: 2 })),
    containers: some(containers),
  })
  .map(({ labels, replicas, containers: list }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels },
    spec: { replicas, template: { metadata: { labels }, spec: { containers: list } } },
  }));

/** The configuration as a parsed request body, without members that are `undefined`. */
const sent = (config: object) => JSON.parse(JSON.stringify(config)) as JsonObject;

test('an apply has the same result with and without cached configurations', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('left', 'right'), configs), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(steps, (list) => {
      let live: KubeObject | undefined;
      for (const [manager, config] of list) {
        // A copy of the object creates new trees, for which no data is cached.
        const forgotten = live === undefined ? undefined : structuredClone(live);
        const expected = applyWithOwnership(forgotten, {}, sent(config), manager, true, context);
        const actual = applyWithOwnership(live, {}, sent(config), manager, true, context);
        expect(actual).toEqual(expected);
        live = actual.object;
      }
    }),
    { numRuns: 300 },
  );
});

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
