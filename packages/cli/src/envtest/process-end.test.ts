import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endOnSignal } from './process-end.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

describe('a signal', () => {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const codes: unknown[] = [];

  beforeEach(() => {
    codes.splice(0);
    vi.useFakeTimers();
    vi.spyOn(process, 'exit').mockImplementation((code) => codes.push(code) as never);
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) {
        if (before.get(signal)?.includes(listener) !== true) process.off(signal, listener);
      }
    }
  });

  /** Calls the signal listeners that the program registered, but not those of the test runner. */
  const send = (signal: (typeof SIGNALS)[number]) => {
    const known = before.get(signal) ?? [];
    for (const listener of process.listeners(signal)) if (!known.includes(listener)) listener(signal);
  };

  test.each(SIGNALS)('%s ends the process with 0 when the servers have closed', async (signal) => {
    endOnSignal(() => Promise.resolve());
    send(signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(codes).toEqual([0]);
  });

  test('ends the process with 1 when closing the servers fails', async () => {
    endOnSignal(() => Promise.reject(new Error('no')));
    send('SIGTERM');
    await vi.advanceTimersByTimeAsync(0);
    expect(codes).toEqual([1]);
  });

  test('ends the process with 1 when the servers have not closed in five seconds', async () => {
    endOnSignal(() => new Promise(() => undefined));
    send('SIGTERM');
    await vi.advanceTimersByTimeAsync(4999);
    expect(codes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(codes).toEqual([1]);
  });

  test('ends the process immediately at the second signal', () => {
    endOnSignal(() => new Promise(() => undefined));
    send('SIGTERM');
    send('SIGINT');
    expect(codes).toEqual([1]);
  });
});
