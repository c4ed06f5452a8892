import { expect, test } from 'vitest';
import type { JsonValue } from '../../core/index.ts';
import type { ListNode } from '../types/node.ts';
import { anyNode } from '../types/node.ts';
import { mergeApplied } from './merge.ts';

const VARIABLES: ListNode = { kind: 'list', list: 'map', keys: ['name'], items: anyNode };
const NAMES: ListNode = { kind: 'list', list: 'set', keys: [], items: { kind: 'scalar', type: 'string' } };

// A PUT may store several elements with one key. An apply may not have such elements, and treats all stored elements
// with one key as one element.
test.each<[string, JsonValue[], JsonValue[], JsonValue[]]>([
  ['a key', [{ name: 'a', x: 1 }, { name: 'b' }], [{ name: 'a', y: 2 }], [{ name: 'a', x: 1, y: 2 }, { name: 'b' }]],
  [
    'a duplicate key',
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
    ],
    [{ name: 'a', y: 3 }],
    [{ name: 'a', y: 3 }],
  ],
  [
    'a duplicate key and another one',
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
    'another key than the duplicate one',
    [{ name: 'a', x: 1 }, { name: 'a', x: 2 }, { name: 'b' }],
    [{ name: 'b', y: 1 }],
    [
      { name: 'a', x: 1 },
      { name: 'a', x: 2 },
      { name: 'b', y: 1 },
    ],
  ],
  [
    'two keys over a duplicate key',
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
    'a duplicate key over a duplicate key',
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
])('an apply of %s', (_name, live, applied, merged) => {
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
])('a set %j with %j applied is %j', (live, applied, merged) => {
  expect(mergeApplied(NAMES, live, applied)).toEqual(merged);
});
