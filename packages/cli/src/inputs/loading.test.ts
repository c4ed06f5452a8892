import { expect, onTestFinished, test } from 'vitest';
import { whileLoading } from './loading.ts';

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'while a module is being loaded, the operating system handles %s',
  async (signal) => {
    const handler = () => {};
    process.on(signal, handler);
    onTestFinished(() => void process.off(signal, handler));
    const before = process.listeners(signal);
    const note = () => {};
    expect(await whileLoading('app.ts', note, () => Promise.resolve(process.listenerCount(signal)))).toBe(0);
    expect(process.listeners(signal)).toEqual(before);
  },
);
