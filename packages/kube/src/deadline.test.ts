import { expect, test } from 'vitest';
import { isTimeout, withDeadline } from './deadline.ts';
import type { Clock } from './kube-api.ts';

/** A clock with one timer, which the test fires. */
function handClock(): { clock: Clock; fire: () => void; cancelled: () => boolean } {
  let callback = () => {};
  let cancelled = false;
  return {
    fire: () => callback(),
    cancelled: () => cancelled,
    clock: {
      now: () => 0,
      setTimer(_milliseconds, timer) {
        callback = timer;
        return { cancel: () => void (cancelled = true) };
      },
    },
  };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

test('work that ends in time yields its result, and the timer is cancelled', async () => {
  const { clock, cancelled } = handClock();
  expect(await withDeadline(1000, [], clock, async () => 'done')).toBe('done');
  expect(cancelled()).toBe(true);
});

test('at the time limit the signal aborts with a TimeoutError', async () => {
  const { clock, fire } = handClock();
  let seen: AbortSignal | undefined;
  const work = withDeadline(1000, [], clock, (signal) => {
    seen = signal;
    return untilAborted(signal);
  });
  fire();
  await expect(work).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(seen !== undefined && isTimeout(seen)).toBe(true);
});

test("the signal gets the reason of the caller's abort, which is not a timeout", async () => {
  const caller = new AbortController();
  let seen: AbortSignal | undefined;
  const work = withDeadline(1000, [undefined, caller.signal], handClock().clock, (signal) => {
    seen = signal;
    return untilAborted(signal);
  });
  caller.abort(new Error('stop'));
  await expect(work).rejects.toThrow('stop');
  expect(seen !== undefined && isTimeout(seen)).toBe(false);
});

test('the work gets an aborted signal if the signal of the caller is already aborted', async () => {
  const work = withDeadline(
    1000,
    [AbortSignal.abort(new Error('early'))],
    handClock().clock,
    async (signal) => signal.aborted,
  );
  expect(await work).toBe(true);
});

test('many requests may listen to the signal without a warning of Node.js', async () => {
  const { clock } = handClock();
  const warnings: string[] = [];
  const note = ({ name }: Error) => void warnings.push(name);
  process.on('warning', note);
  await withDeadline(1000, [], clock, async (signal) => {
    for (let count = 0; count < 20; count += 1) signal.addEventListener('abort', () => count);
    // Node.js emits the warning one turn of the event loop later.
    await new Promise(setImmediate);
  });
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
