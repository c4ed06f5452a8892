import { expect, test } from 'vitest';
import { LazyModule } from './lazy-module.ts';

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
