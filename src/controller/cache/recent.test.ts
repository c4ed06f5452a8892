import { expect, it } from 'vitest';
import { Recent } from './recent.ts';

it('forgets what was put in longest ago when there is too much', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('a', 3);
  recent.set('c', 4);
  expect(['a', 'b', 'c'].filter((key) => recent.has(key))).toEqual(['a', 'c']);
});

it('gives a value once', () => {
  const recent = new Recent<number>(2);
  recent.set('a', 1);
  expect([recent.take('a'), recent.take('a'), recent.has('a')]).toEqual([1, undefined, false]);
  recent.set('b', 2);
  recent.clear();
  expect(recent.take('b')).toBeUndefined();
});
