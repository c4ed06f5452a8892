import { expect, test } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

function partsOf(queue: ByteQueue): Buffer[] {
  const parts: Buffer[] = [];
  for (let part = queue.take(); part !== undefined; part = queue.take()) parts.push(part);
  return parts;
}

test('small parts are joined in order', () => {
  const queue = new ByteQueue();
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  for (const byte of bytes) queue.append(Buffer.from([byte]));
  queue.append(Buffer.alloc(0));
  expect(queue.length).toBe(bytes.length);
  const parts = partsOf(queue);
  expect(parts.length).toBeLessThan(30);
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  expect(queue.length).toBe(0);
});

test('a large part is not copied, but a small part of a large buffer is copied', () => {
  const queue = new ByteQueue();
  const large = Buffer.alloc(100_000);
  queue.append(large);
  queue.append(Buffer.alloc(100_000).subarray(0, 10));
  const [first, second] = partsOf(queue);
  expect(first).toBe(large);
  expect([second?.length, second?.buffer.byteLength]).toEqual([10, 10]);
});

test('a cleared queue is empty', () => {
  const queue = new ByteQueue();
  queue.append(Buffer.from('x'));
  queue.clear();
  expect([queue.length, queue.take()]).toEqual([0, undefined]);
});
