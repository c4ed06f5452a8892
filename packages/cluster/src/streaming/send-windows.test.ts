import { expect, test } from 'vitest';
import { FIRST_WINDOW_BYTES, MAX_WINDOW_BYTES } from './frames.ts';
import { SendWindows } from './send-windows.ts';

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
