import { expect, test } from 'vitest';
import { UnfinishedModule, whileLoading } from './loading.ts';

const never = () => new Promise<never>(() => {});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends the wait for a module that never finishes',
  async (signal) => {
    const before = process.listenerCount(signal);
    const loading = whileLoading('app.ts', () => {}, never);
    process.emit(signal);
    await expect(loading).rejects.toThrow(UnfinishedModule);
    expect(process.listenerCount(signal)).toBe(before);
  },
);

test('all listeners are removed when a module finishes', async () => {
  const before = process.listenerCount('SIGINT');
  expect(
    await whileLoading(
      'app.ts',
      () => {},
      () => Promise.resolve(1),
    ),
  ).toBe(1);
  expect(process.listenerCount('SIGINT')).toBe(before);
});
