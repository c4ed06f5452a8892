import { expect, test } from 'vitest';
import type { ManagedEntry } from './entries.ts';
import { capUpdaters, entryKey } from './entries.ts';
import { treeOfMembers } from './tree.ts';

/**
 * An entry of `manager` for a write at `minute` in a version. The entry owns one field, which has the name of the
 * manager.
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

// The expected entries are those of `capUpdateManagers` in k8s.io/apimachinery.
test.each<[string, readonly ManagedEntry[], Readonly<Record<string, readonly string[]>>]>([
  ['ten entries stay', [entryOf('a', 1)], { 'v1 a': ['f:a'] }],
  ['the two oldest are merged', [entryOf('b', 2), entryOf('a', 1)], { 'v1 ancient-changes': ['f:a', 'f:b'] }],
  [
    'an entry of another version stays',
    [entryOf('a', 1, 'v2'), entryOf('b', 2), entryOf('c', 3)],
    {
      'v2 a': ['f:a'],
      'v1 ancient-changes': ['f:b', 'f:c', 'f:late0'],
    },
  ],
  [
    'entries of each version are merged',
    [entryOf('a', 1, 'v2'), entryOf('b', 2), entryOf('c', 3, 'v2'), entryOf('d', 4)],
    {
      'v2 ancient-changes': ['f:a', 'f:c'],
      'v1 ancient-changes': ['f:b', 'f:d', 'f:late0'],
    },
  ],
  [
    'merged entries are merged again',
    [entryOf('ancient-changes', 1), entryOf('b', 2)],
    {
      'v1 ancient-changes': ['f:ancient-changes', 'f:b'],
    },
  ],
  [
    'merged entries stay after an older entry',
    [entryOf('a', 1), entryOf('ancient-changes', 2)],
    {
      'v1 a': ['f:a'],
      'v1 ancient-changes': ['f:ancient-changes', 'f:late0'],
    },
  ],
])('of many managers, %s', (_, early, expected) => {
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
