import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoadAhead } from './lazy-modules.ts';

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
