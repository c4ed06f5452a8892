import { expect, test } from 'vitest';
import { ByteQueue } from './byte-queue.ts';
import { FIRST_WINDOW_BYTES, MAX_WINDOW_BYTES } from './frames.ts';
import { SendWindows } from './send-windows.ts';

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

function opened(...ids: readonly number[]): SendWindows {
  const windows = new SendWindows();
  for (const id of ids) windows.open(id);
  return windows;
}

test('a client that never sends a window update is not limited', () => {
  const windows = opened(1);
  windows.use(1, 10 ** 9);
  expect([windows.allowed(1), windows.areUsed]).toEqual([Number.POSITIVE_INFINITY, false]);
});

test('bytes that were sent before the first window update count as used', () => {
  const windows = opened(1, 3);
  windows.use(1, FIRST_WINDOW_BYTES - 10);
  expect(windows.update(1, 5)).toBe(true);
  // The window of the connection is smaller than the windows of the streams.
  expect([windows.allowed(1), windows.allowed(3)]).toEqual([10, 10]);
  expect(windows.update(0, 100)).toBe(true);
  expect([windows.allowed(1), windows.allowed(3)]).toEqual([15, 110]);
});

test('a smaller initial window can make the windows of open streams negative', () => {
  const windows = opened(1);
  windows.use(1, 1000);
  expect(windows.setFirst(400)).toBe(true);
  windows.open(3);
  expect([windows.allowed(1), windows.allowed(3)]).toEqual([0, 400]);
  expect(windows.update(1, 700)).toBe(true);
  expect(windows.allowed(1)).toBe(100);
});

test('a stream that has ended has no window', () => {
  const windows = opened(1);
  windows.close(1);
  expect([windows.update(1, MAX_WINDOW_BYTES), windows.allowed(1)]).toEqual([true, 0]);
});

test.each<[string, (windows: SendWindows) => boolean, boolean]>([
  ['the largest initial window', (windows) => windows.setFirst(MAX_WINDOW_BYTES), true],
  ['an initial window that is too large', (windows) => windows.setFirst(MAX_WINDOW_BYTES + 1), false],
  ['an update to the largest window', (windows) => windows.update(1, MAX_WINDOW_BYTES - FIRST_WINDOW_BYTES), true],
  ['an update that is too large', (windows) => windows.update(1, MAX_WINDOW_BYTES - FIRST_WINDOW_BYTES + 1), false],
  ['an update of the connection that is too large', (windows) => windows.update(0, MAX_WINDOW_BYTES), false],
  ['an update by 0 bytes', (windows) => windows.update(1, 0), false],
  [
    'an initial window that makes an open window too large',
    (windows) => windows.update(1, FIRST_WINDOW_BYTES) && windows.setFirst(MAX_WINDOW_BYTES),
    false,
  ],
])('%s is accepted or refused as the protocol requires', (_title, change, isValid) => {
  expect(change(opened(1))).toBe(isValid);
});
