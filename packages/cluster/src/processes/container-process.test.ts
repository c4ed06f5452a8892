import { expect, test, vi } from 'vitest';
import { type ContainerProcess, hasStarted, startProcess } from './container-process.ts';

const GUARD = { started: () => undefined, kill: vi.fn(), ended: () => undefined };

/** Starts a program. Returns the program, the promise of its exit code, and a counter of its output bytes. */
function start(...words: string[]) {
  const seen = { bytes: 0 };
  let program: ContainerProcess | undefined;
  const ended = new Promise<number>((resolve) => {
    const started = startProcess(
      {
        words,
        variables: new Map([['PATH', process.env['PATH'] ?? '']]),
        directory: '/',
        dataBytes: 2 ** 40,
        hasInput: false,
        slowsOutput: false,
        onOutput: (_stream, chunk) => void (seen.bytes += chunk.length),
        onEnd: ({ exitCode }) => resolve(exitCode),
      },
      GUARD,
    );
    if (hasStarted(started)) program = started;
  });
  if (program === undefined) throw new Error('the program has not started');
  return { program, seen, ended };
}

test('no signal is sent to the id of an ended program', async () => {
  const { program, ended } = start('true');
  expect(await ended).toBe(0);
  const sent = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    program.kill();
    program.signal('SIGTERM');
    expect(sent).not.toHaveBeenCalled();
    expect(GUARD.kill).not.toHaveBeenCalled();
  } finally {
    sent.mockRestore();
  }
});

test('output that is paused when the program ends is not lost', async () => {
  const { program, seen, ended } = start('sh', '-c', 'echo one');
  program.output.pause();
  await vi.waitFor(() => expect(() => process.kill(program.pid, 0)).toThrow('ESRCH'), { timeout: 20_000 });
  program.output.resume();
  expect(await ended).toBe(0);
  expect(seen.bytes).toBe(4);
});

test('the output of a program is complete after it was paused and resumed', async () => {
  const { program, seen, ended } = start('head', '-c', '3000000', '/dev/zero');
  program.output.pause();
  program.output.resume();
  expect(await ended).toBe(0);
  expect(seen.bytes).toBe(3_000_000);
});
