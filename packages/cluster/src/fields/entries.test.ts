import { expect, test } from 'vitest';
import type { ManagedEntry } from './entries.ts';
import { capUpdaters, entryKey } from './entries.ts';
import { treeOfMembers } from './tree.ts';

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
