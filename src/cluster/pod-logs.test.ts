import { expect, test } from 'vitest';
import { logKey, PodLogs } from './pod-logs.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' } };
const KEY = logKey(POD, 'c');

test('a log of many short lines is complete', () => {
  const logs = new PodLogs(() => 1);
  for (let line = 1; line <= 25_000; line += 1) logs.write(KEY, String(line));
  expect(logs.read(POD, 'c').length).toBe(25_000);
});

test.each([
  ['short', 400_000, 1],
  ['empty', 400_000, 0],
  ['long', 50, 1024 * 1024],
])('a log of %s lines keeps the newest, and says how many it has dropped', (_title, count, length) => {
  const logs = new PodLogs(() => 1);
  for (let line = 1; line < count; line += 1) logs.write(KEY, 'x'.repeat(length));
  logs.write(KEY, 'last');
  const lines = logs.read(POD, 'c');
  const kept = lines.reduce((sum, { text }) => sum + text.length + 64, 0);
  expect(kept).toBeGreaterThanOrEqual(8 * 1024 * 1024);
  expect(kept).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(lines.at(-1)?.text).toBe('last');
  expect(lines[0]?.text).toBe(
    `[typekro: ${count - lines.length + 1} earlier lines are dropped; a log keeps the newest 8 to 16 million characters]`,
  );
  logs.begin(KEY);
  logs.write(KEY, 'next run');
  expect(logs.read(POD, 'c').map(({ text }) => text)).toEqual(['next run']);
});
