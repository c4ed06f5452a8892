import { describe, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LazyModule } from './lazy-module.ts';
import { LoadAhead } from './lazy-modules.ts';

test('concurrent calls load the code once', async () => {
  let loads = 0;
  const part = new LazyModule(() => Promise.resolve({ answer: ++loads }));
  expect(part.loaded).toBe(false);
  expect(await Promise.all([part.load(), part.load()])).toEqual([{ answer: 1 }, { answer: 1 }]);
  expect(await part.load()).toBe(part.code);
  expect(part.loaded).toBe(true);
  expect(loads).toBe(1);
});

test('the use of code that is not loaded throws', () => {
  const part = new LazyModule(() => Promise.resolve({}));
  expect(() => part.code).toThrow('before it was loaded');
});

test('a failed load rejects all waiting calls, and the next call loads again', async () => {
  let loads = 0;
  const part = new LazyModule(() =>
    ++loads === 1 ? Promise.reject(new Error('no file')) : Promise.resolve({ loads }),
  );
  const [first, second] = [part.load(), part.load()];
  await expect(first).rejects.toThrow('no file');
  await expect(second).rejects.toThrow('no file');
  expect(part.loaded).toBe(false);
  expect(await part.load()).toEqual({ loads: 2 });
});

test('settled() also resolves after a failed load', async () => {
  let fail = (_error: Error) => {};
  const part = new LazyModule(() => new Promise((_resolve, reject) => (fail = reject)));
  await part.settled();
  const loading = part.load().catch((error: unknown) => error);
  const settled = part.settled();
  fail(new Error('late'));
  await settled;
  expect(await loading).toEqual(new Error('late'));
});

describe('lazy modules', () => {
  let loaded: string[];
  const part = (name: string) => ({ load: () => Promise.resolve(loaded.push(name)), settled: () => Promise.resolve() });

  beforeEach(() => {
    loaded = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  });
  afterEach(() => vi.useRealTimers());

  test('modules are loaded in order, after 20 ms', async () => {
    new LoadAhead([part('a'), part('b')]).start();
    await vi.advanceTimersByTimeAsync(19);
    expect(loaded).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(loaded).toEqual(['a', 'b']);
  });

  test('a second start does not load the modules again', async () => {
    const ahead = new LoadAhead([part('a')]);
    ahead.start(0);
    ahead.start(0);
    await vi.advanceTimersByTimeAsync(50);
    expect(loaded).toEqual(['a']);
  });

  test('the loading of the modules waits until no request has arrived for 5 ms', async () => {
    const ahead = new LoadAhead([part('a'), part('b')]);
    ahead.start(0);
    ahead.onRequest();
    await vi.advanceTimersByTimeAsync(4);
    ahead.onRequest();
    await vi.advanceTimersByTimeAsync(4);
    expect(loaded).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(loaded).toEqual(['a', 'b']);
  });

  test.each(['before the first load', 'while it waits for a pause'])('stop() ends the loading: %s', async (when) => {
    const ahead = new LoadAhead([part('a')]);
    ahead.start(1);
    if (when.startsWith('while')) {
      ahead.onRequest();
      await vi.advanceTimersByTimeAsync(2);
    }
    await ahead.stop();
    await vi.advanceTimersByTimeAsync(100);
    expect(loaded).toEqual([]);
  });

  test('with isAll, the modules that few requests use are also loaded', async () => {
    const ahead = new LoadAhead([part('a')], [part('b'), part('c')]);
    ahead.start(0, true);
    await vi.advanceTimersByTimeAsync(50);
    expect(loaded).toEqual(['a', 'b', 'c']);
  });
});
