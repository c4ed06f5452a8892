import { expect, test } from 'vitest';
import { once, oncePerObject } from './once.ts';

test.each([1, undefined, null])('the result %s is computed once', (value) => {
  let calls = 0;
  const make = () => {
    calls += 1;
    return value;
  };
  const [single, keyed] = [once(make), oncePerObject(make)];
  const [a, b] = [{}, {}];
  expect([single(), single(), keyed(a), keyed(a), keyed(b)]).toEqual([value, value, value, value, value]);
  expect(calls).toBe(3);
});

test('a failed computation is repeated', () => {
  let calls = 0;
  const read = oncePerObject(() => {
    calls += 1;
    if (calls === 1) throw new Error('first');
    return calls;
  });
  const key = {};
  expect(() => read(key)).toThrow('first');
  expect([read(key), read(key)]).toEqual([2, 2]);
});
