import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { DeployEvent } from '../deploy-engine.ts';
import { eventsOf } from './events-of-call.ts';

const event = { type: 'failed' } as DeployEvent;

test('a call that fails while the reader is busy throws after its last event, and causes no unhandled rejection', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const read: DeployEvent[] = [];
  const all = async () => {
    const events = eventsOf({}, async ({ onEvent }) => {
      onEvent?.(event);
      onEvent?.(event);
      await Promise.reject(new Error('boom'));
    });
    for await (const each of events) {
      read.push(each);
      await setImmediate();
      await setImmediate();
    }
  };
  try {
    await expect(all()).rejects.toThrow('boom');
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  expect(read).toEqual([event, event]);
  expect(unhandled).not.toHaveBeenCalled();
});
