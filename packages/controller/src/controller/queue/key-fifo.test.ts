import { expect, test } from 'vitest';
import { KeyFifo } from './key-fifo.ts';

/** Takes as many keys as the queue has at first, so that the loop ends even if a faulty queue returns a key twice. */
const takeAll = (keys: KeyFifo): string[] => Array.from({ length: keys.size }, () => keys.take() ?? '');

test('keys leave the queue in the order in which they were added, also while other keys are added', () => {
  const keys = new KeyFifo('0');
  const taken: string[] = [];
  for (let added = 1; added < 3000; added += 1) {
    keys.add(String(added));
    // Two of three additions are followed by a removal, so that the queue keeps growing.
    if (added % 3 > 0) taken.push(keys.take() ?? '');
    expect(keys.size).toBe(added + 1 - taken.length);
  }
  expect([...taken, ...takeAll(keys)]).toEqual(Array.from({ length: 3000 }, (_, index) => String(index)));
  expect(keys.size).toBe(0);
  expect(keys.take()).toBeUndefined();
});

test('a key that was taken may be added again', () => {
  const keys = new KeyFifo('a');
  expect(keys.take()).toBe('a');
  keys.add('a');
  expect(takeAll(keys)).toEqual(['a']);
});
