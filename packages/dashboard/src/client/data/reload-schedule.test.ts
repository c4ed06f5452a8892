import { expect, test } from 'vitest';
import { MAX_RETRY_MS, nextReadAt } from './reload-schedule.ts';

test.each([
  ['the first read is at once', { tookMs: 0, failures: 0 }, 100, 100],
  ['a change long after the last read is read at once', { startedAt: 0, tookMs: 10, failures: 0 }, 1000, 1000],
  ['a change soon after a read waits', { startedAt: 900, tookMs: 10, failures: 0 }, 1000, 1150],
  ['a slow read is repeated less often', { startedAt: 900, tookMs: 500, failures: 0 }, 1000, 2900],
  ['a failed read is tried again after a pause', { startedAt: 0, tookMs: 0, failures: 1 }, 1000, 1500],
  ['the pause has a limit', { startedAt: 0, tookMs: 0, failures: 40 }, 1000, 1000 + MAX_RETRY_MS],
])('%s', (_title, state, now, expected) => {
  expect(nextReadAt(state, now)).toBe(expected);
});

test('a thousand changes a second cause four reads a second', () => {
  let startedAt = 0;
  let reads = 0;
  let due: number | undefined;
  for (let now = 1; now <= 1000; now += 1) {
    due ??= nextReadAt({ startedAt, tookMs: 20, failures: 0 }, now);
    if (due > now) continue;
    startedAt = now;
    reads += 1;
    due = undefined;
  }
  expect(reads).toBe(4);
});
