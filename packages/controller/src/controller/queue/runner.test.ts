import { describe, expect, it } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { systemClock } from '@typekro/kube';
import { type WorkResult, nextRun, Runner } from './runner.ts';

function setup(work: (key: string) => Promise<WorkResult>, concurrency = 2) {
  const clock = new TestClock();
  const errors: string[] = [];
  const runner = new Runner({
    clock,
    random: () => 1,
    concurrency,
    work: ({ key }) => work(key),
    onError: ({ key }, error, retryInMs) => errors.push(`${key} ${String(error)} ${retryInMs}`),
  });
  return { clock, runner, errors };
}

describe('Runner', () => {
  it('works on a limited number of keys at the same time, and never twice on the same key at the same time', async () => {
    const log: string[] = [];
    const finish = new Map<string, () => void>();
    const { runner } = setup((key) => {
      log.push(`begin ${key}`);
      return new Promise((resolve) => finish.set(key, () => resolve({})));
    });
    for (const key of ['1', '2', '3', '1']) runner.wake({ group: 'g', key });
    await Promise.resolve();
    expect(log).toEqual(['begin 1', 'begin 2']);
    runner.wake({ group: 'g', key: '1' });
    finish.get('1')?.();
    finish.get('2')?.();
    await new Promise(setImmediate);
    expect(log).toEqual(['begin 1', 'begin 2', 'begin 3', 'begin 1']);
    finish.get('3')?.();
    finish.get('1')?.();
    await runner.idle();
    expect(runner.busy).toBe(false);
  });

  it('retries a failing key after growing pauses, or at once when it is woken', async () => {
    let tries = 0;
    const { clock, runner, errors } = setup(() => {
      tries += 1;
      return Promise.reject(new Error('no'));
    });
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    await clock.advance(100);
    await clock.advance(200);
    expect(errors).toEqual(['k Error: no 100', 'k Error: no 200', 'k Error: no 400']);
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    expect(errors.at(-1)).toBe('k Error: no 100');
    expect(tries).toBe(4);
  });

  it('resets the pauses after a success', async () => {
    let tries = 0;
    const { clock, runner, errors } = setup(() => {
      tries += 1;
      return tries === 3 ? Promise.resolve({ requeueAt: clock.now() + 10 }) : Promise.reject(new Error('no'));
    });
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    await clock.advance(310);
    expect(errors).toEqual(['k Error: no 100', 'k Error: no 200', 'k Error: no 100']);
  });

  it('works on a key again at the time that its previous work requested', async () => {
    const times: number[] = [];
    const { clock, runner } = setup(() => {
      times.push(clock.now());
      return Promise.resolve(times.length < 3 ? { requeueAt: clock.now() + 1000 } : {});
    });
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    await clock.advance(999);
    expect(times).toEqual([0]);
    await clock.advance(1);
    await clock.advance(5000);
    expect(times).toEqual([0, 1000, 2000]);
  });

  it('waits for running work when it stops, and starts no other work', async () => {
    let finish = () => undefined as void;
    let begun = 0;
    const { runner } = setup(() => {
      begun += 1;
      return new Promise((resolve) => {
        finish = () => resolve({});
      });
    }, 1);
    for (const key of ['1', 'waits for a place']) runner.wake({ group: 'g', key });
    await Promise.resolve();
    let stopped = false;
    const stopping = runner.stop(1000).then(() => {
      stopped = true;
    });
    runner.wake({ group: 'g', key: '2' });
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    await new Promise(setImmediate);
    expect(begun).toBe(1);
  });

  it('drains only the work of the chosen groups, and aborts it at the time limit', async () => {
    const clock = new TestClock();
    const log: string[] = [];
    const runner = new Runner({
      clock,
      random: () => 1,
      concurrency: 9,
      work: ({ group, key }, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            log.push(`gave up ${group}/${key}`);
            resolve({});
          });
        }),
      onError: () => {},
    });
    for (const [group, key] of [
      ['leaves', '1'],
      ['leaves', '2'],
      ['stays', '1'],
    ] as const) {
      runner.wake({ group, key });
    }
    await Promise.resolve();
    const drained = runner.drain((group) => group === 'leaves', 1000).then(() => log.push('drained'));
    await clock.advance(999);
    expect(log).toEqual([]);
    await clock.advance(1);
    await drained;
    expect(log).toEqual(['gave up leaves/1', 'gave up leaves/2', 'drained']);
    const abortGrace = new AbortController();
    abortGrace.abort();
    await runner.stop(1000, abortGrace.signal);
    expect(log.at(-1)).toBe('gave up stays/1');
    // No pass is running any more, so this drain settles at once.
    await runner.drain(() => true, 0);
  });
});

it.each<[requeueAt: number, repeats: number, at: number, counted: number]>([
  [1001, 0, 1001, 0],
  [1001, 9, 1001, 0],
  [1000, 0, 1000, 1],
  [900, 4, 1000, 5],
  [1000, 5, 1010, 6],
  [900, 6, 1020, 7],
  [1000, 9, 1160, 10],
  [1000, 1000, 61_000, 1001],
])('at 1000, a pass that asks for %d after %d repeats runs at %d', (requeueAt, repeats, at, counted) => {
  expect(nextRun(requeueAt, 1000, repeats)).toEqual({ at, repeats: counted });
});

describe('a pass that always asks for the next one at once', () => {
  it('gets growing pauses until an event', async () => {
    let runs = 0;
    const { clock, runner } = setup(() => {
      runs += 1;
      return Promise.resolve({ requeueAt: clock.now() });
    });
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    expect(runs).toBe(6);
    await clock.advance(70);
    expect(runs).toBe(9);
    runner.wake({ group: 'g', key: 'k' });
    await runner.idle();
    expect(runs).toBe(15);
  });

  it('leaves the process time to notice its end', async () => {
    let runs = 0;
    const runner: Runner = new Runner({
      clock: systemClock,
      random: Math.random,
      concurrency: 1,
      work: () => {
        // Without pauses, the microtasks of this loop would never end.
        runs += 1;
        if (runs > 1000) throw new Error('the loop has no pause');
        return Promise.resolve({ requeueAt: 0 });
      },
      onError: (_key, error) => {
        throw error;
      },
    });
    runner.wake({ group: 'g', key: 'k' });
    await new Promise(setImmediate);
    await runner.stop(0);
    expect(runs).toBeLessThan(1000);
  });
});
