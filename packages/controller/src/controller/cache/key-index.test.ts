import { describe, expect, it } from 'vitest';
import { KeyIndex } from './key-index.ts';

/** The keys under each of the strings `a`, `b` and `c` after moves `[key, from, to]`. */
function after(...moves: [string, string[], string[]][]): Record<string, string[]> {
  const index = new KeyIndex();
  for (const [key, from, to] of moves) index.move(key, from, to);
  return Object.fromEntries(['a', 'b', 'c'].map((text) => [text, [...index.of(text)]]));
}

describe('KeyIndex', () => {
  it.each([
    ['is empty at first', [], { a: [], b: [], c: [] }],
    ['holds a key under all its strings', [['x', [], ['a', 'b']]], { a: ['x'], b: ['x'], c: [] }],
    [
      'holds several keys in order',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
      ],
      { a: ['x', 'y'], b: [], c: [] },
    ],
    [
      'moves a key to other strings',
      [
        ['x', [], ['a', 'b']],
        ['x', ['a', 'b'], ['b', 'c']],
      ],
      { a: [], b: ['x'], c: ['x'] },
    ],
    [
      'keeps the position of an unchanged key',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
        ['x', ['a'], ['a']],
      ],
      { a: ['x', 'y'], b: [], c: [] },
    ],
    [
      'removes a key',
      [
        ['x', [], ['a']],
        ['y', [], ['a']],
        ['x', ['a'], []],
      ],
      { a: ['y'], b: [], c: [] },
    ],
    [
      'counts a string once when a move lists it twice',
      [
        ['x', [], ['a', 'a']],
        ['x', ['a', 'a'], []],
      ],
      { a: [], b: [], c: [] },
    ],
  ] satisfies [string, [string, string[], string[]][], Record<string, string[]>][])('%s', (_what, moves, held) => {
    expect(after(...moves)).toEqual(held);
  });
});
