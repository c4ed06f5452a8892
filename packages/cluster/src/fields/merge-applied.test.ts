import { expect, test } from 'vitest';
import type { JsonValue } from '@typekro/kit/core';
import type { ListNode } from '../types/type-node.ts';
import { anyNode } from '../types/type-node.ts';
import { mergeApplied } from './merge-applied.ts';

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
