import { expect, test } from 'vitest';
import { Work } from './work.ts';

test('a failed onStop callback is reported, and the other callbacks run', () => {
  const reported: unknown[] = [];
  const ran: string[] = [];
  const work = new Work((thrown) => reported.push(thrown));
  const failure = new Error('no space left');
  work.onStop(() => ran.push('first'));
  work.onStop(() => {
    throw failure;
  });
  work.onStop(() => ran.push('last'));
  work.stop();
  expect({ ran, reported }).toEqual({ ran: ['first', 'last'], reported: [failure] });
});

test('runNow runs the queued tasks at once, up to the first task that returns a promise', async () => {
  const reported: unknown[] = [];
  const ran: string[] = [];
  const work = new Work((thrown) => reported.push(thrown));
  work.enqueue(() => {
    ran.push('first');
    work.enqueue(() => void ran.push('added'));
    // Has no effect, because a task calls it.
    work.runNow();
  });
  let end = (_reason: Error) => {};
  work.enqueue(() => new Promise<void>((_resolve, reject) => (end = reject)));
  work.enqueue(() => void ran.push('last'));
  work.runNow();
  work.runNow();
  expect(ran).toEqual(['first']);
  end(new Error('refused'));
  await work.idle();
  expect([ran, reported]).toEqual([['first', 'last', 'added'], [new Error('refused')]]);
  work.enqueue(() => void ran.push('at once'));
  work.runNow();
  expect(ran.at(-1)).toBe('at once');
  await work.idle();
});

test('a task that runNow starts between two batches is finished before the next task starts', async () => {
  const work = new Work((thrown) => expect.unreachable(String(thrown)));
  const ran: string[] = [];
  for (let index = 0; index < 64; index += 1) work.enqueue(() => void ran.push('batch'));
  // This callback runs before the callback with which the queue continues after the first batch.
  setImmediate(() => work.runNow());
  work.enqueue(async () => {
    ran.push('begins');
    for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    ran.push('ends');
  });
  work.enqueue(() => void ran.push('last'));
  await work.idle();
  expect(ran.slice(64)).toEqual(['begins', 'ends', 'last']);
});

test('the tasks of timers that are due together leave turns to requests of other processes', async () => {
  const work = new Work((thrown) => expect.unreachable(String(thrown)));
  work.share();
  const state = { ran: 0 };
  const busy = () => {
    const began = performance.now();
    while (performance.now() - began < 3) state.ran += 0;
    state.ran += 1;
  };
  // Timers with the same time run in one phase of the event loop, with the microtasks of each before the next timer.
  for (let index = 0; index < 50; index += 1) setTimeout(() => work.enqueue(busy, true), 1);
  const seen: number[] = [];
  while (state.ran < 50) {
    await new Promise((resolve) => setImmediate(resolve));
    if (seen.at(-1) !== state.ran) seen.push(state.ran);
  }
  expect(seen.length).toBeGreaterThan(5);
});

test('tasks with much work leave turns to others after a number of units', async () => {
  const state = { done: 0 };
  const work = new Work(
    (thrown) => expect.unreachable(String(thrown)),
    () => state.done / 2,
  );
  const task = () => {
    state.done += 50;
    work.count(25);
  };
  for (let index = 0; index < 20; index += 1) work.enqueue(task);
  const seen = new Set<number>();
  void work.idle().then(() => seen.add(-1));
  while (!seen.has(-1)) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.add(state.done);
  }
  expect([...seen].slice(0, 4)).toEqual([100, 200, 300, 400]);
});
