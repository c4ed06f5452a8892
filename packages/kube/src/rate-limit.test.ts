import { expect, it } from 'vitest';
import { rateLimiter } from './clock.ts';

it.each([
  ['the wall clock is not set', 0],
  ['the wall clock is set back', -3_600_000],
  ['the wall clock is set forward', 3_600_000],
])('requests wait exactly as long as the limit requires if %s', async (_title, jump) => {
  let day = 5_000_000;
  const waits: number[] = [];
  const clock = {
    now: () => day,
    elapsed: () => 0,
    setTimer(milliseconds: number, callback: () => void) {
      waits.push(milliseconds);
      queueMicrotask(callback);
      return { cancel: () => undefined };
    },
  };
  const admit = rateLimiter({ perSecond: 10, burst: 1 }, clock);
  await admit(undefined);
  day += jump;
  await admit(undefined);
  await admit(undefined);
  expect(waits).toEqual([100, 200]);
});
