import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { InspectEvent } from '@typekro/controller/inspect';
import { ApiError } from './api-client.ts';
import { createLiveRead } from './remote.ts';

const change = (subject: string): InspectEvent => ({ id: 1, at: 0, type: 'object-changed', subject, message: '' });

/** A live read whose value is the number of reads so far. A test clock replaces the timers of a browser. */
function counted(
  options: { readonly repeatMs?: number; readonly fails?: () => boolean; readonly status?: number } = {},
) {
  const clock = new TestClock();
  let reads = 0;
  const read = createLiveRead(
    () => {
      reads += 1;
      if (options.fails?.() !== true) return Promise.resolve(reads);
      return Promise.reject(
        new ApiError(options.status ?? 404, { code: 'inspect/no-instance', message: 'the instance is gone' }),
      );
    },
    ({ subject }) => subject === 'mine',
    {
      ...(options.repeatMs === undefined ? {} : { repeatMs: options.repeatMs }),
      timers: {
        now: () => clock.now(),
        later(call, ms) {
          const timer = clock.setTimer(ms, call);
          return () => timer.cancel();
        },
      },
    },
  );
  return { clock, read, reads: () => reads };
}

test('a change of the subject causes a read, and a change of another subject does not', async () => {
  const { clock, read, reads } = counted();
  await clock.advance(1000);
  expect(reads()).toBe(1);
  read.notice([change('other')]);
  await clock.advance(1000);
  expect(reads()).toBe(1);
  read.notice([change('other'), change('mine')]);
  await clock.advance(1000);
  expect([reads(), read.state.value.value]).toEqual([2, 2]);
});

test('data without a change is read again after the pause, and a change in between delays the next repetition', async () => {
  const { clock, read, reads } = counted({ repeatMs: 60_000 });
  await clock.advance(59_999);
  expect(reads()).toBe(1);
  read.notice([change('mine')]);
  await clock.advance(59_999);
  expect(reads()).toBe(2);
  await clock.advance(2);
  expect(reads()).toBe(3);
});

test('a closed read has no timer', async () => {
  const { clock, read, reads } = counted({ repeatMs: 60_000 });
  await clock.advance(1000);
  read.close();
  read.notice([change('mine')]);
  await clock.advance(600_000);
  expect([reads(), clock.timers]).toEqual([1, 0]);
});

test('the last value stays when a read is refused', async () => {
  let fails = false;
  const { clock, read } = counted({ fails: () => fails });
  await clock.advance(1000);
  fails = true;
  read.notice([change('mine')]);
  await clock.advance(1000);
  expect(read.state.value).toMatchObject({ value: 1, error: { status: 404 } });
});

test.each([0, 502])('after failures with status %i, a refresh reads at once, and a change waits', async (status) => {
  let fails = false;
  const { clock, read, reads } = counted({ fails: () => fails, status });
  await clock.advance(1000);
  fails = true;
  read.notice([change('mine')]);
  await clock.advance(60_000);
  fails = false;
  const before = reads();
  read.notice([change('mine')]);
  await clock.advance(300);
  expect(reads()).toBe(before);
  read.refresh();
  expect(read.state.value.error?.status).toBe(status === 0 ? undefined : 502);
  await clock.advance(1);
  expect(reads()).toBe(before + 1);
  expect(read.state.value).toEqual({ value: before + 1, readAt: clock.now() - 1 });
});

test('a read that takes longer than five seconds reports its start time as slowSince, until it ends', async () => {
  const clock = new TestClock();
  const answers: (() => void)[] = [];
  const read = createLiveRead(
    () => new Promise<number>((resolve) => answers.push(() => resolve(1))),
    () => true,
    {
      timers: {
        now: () => clock.now(),
        later(call, ms) {
          const timer = clock.setTimer(ms, call);
          return () => timer.cancel();
        },
      },
    },
  );
  await clock.advance(1);
  const start = clock.now();
  await clock.advance(4990);
  expect(read.state.value).toEqual({});
  await clock.advance(10);
  expect(read.state.value.slowSince).toBeLessThanOrEqual(start);
  answers[0]?.();
  await clock.advance(0);
  expect(read.state.value).toEqual({ value: 1, readAt: clock.now() });
  await clock.advance(10_000);
  expect(read.state.value.slowSince).toBeUndefined();
  read.notice([change('mine')]);
  await clock.advance(100);
  read.close();
  await clock.advance(10_000);
  expect(read.state.value.slowSince).toBeUndefined();
});
