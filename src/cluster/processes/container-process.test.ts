import { expect, test, vi } from 'vitest';
import type { ProcessEnd } from './container-process.ts';
import { hasStarted, startProcess } from './container-process.ts';

const WATCHDOG = { add: () => undefined, remove: () => undefined };

test('nothing is sent to the id of a program that has ended', async () => {
  let onEnd = (_end: ProcessEnd): void => undefined;
  const ended = new Promise<ProcessEnd>((resolve) => (onEnd = resolve));
  const started = startProcess(
    {
      words: ['true'],
      variables: new Map([['PATH', process.env['PATH'] ?? '']]),
      directory: '/',
      dataBytes: 2 ** 40,
      hasInput: false,
      onOutput: () => undefined,
      onEnd: (end) => onEnd(end),
    },
    WATCHDOG,
  );
  expect(await ended).toMatchObject({ exitCode: 0 });
  const sent = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    if (!hasStarted(started)) throw new Error('the program has not started');
    started.kill();
    started.signal('SIGTERM');
    expect(sent).not.toHaveBeenCalled();
  } finally {
    sent.mockRestore();
  }
});
