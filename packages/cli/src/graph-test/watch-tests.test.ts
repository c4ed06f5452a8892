import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { testFolder } from '../../test-support/graph-test-folder.ts';
import type { CommandContext } from '../command.ts';
import type { TestFileResult } from './run-test-file.ts';
import { watchTests } from './watch-tests.ts';

const { cwd, write, remove } = testFolder();
afterAll(remove);

/** A clock whose timers fire immediately, and whose time is later than the mtime of each save. */
const clock = {
  now: () => Number.MAX_SAFE_INTEGER,
  setTimer(_milliseconds: number, callback: () => void) {
    queueMicrotask(callback);
    return { cancel: () => {} };
  },
};

test('a save runs the test files that depend on the saved file, and a change of a named folder runs all test files', async () => {
  for (const name of ['a.test.yaml', 'a.yaml', 'b.test.yaml', 'shared.ts']) write(name, '');
  const path = (name: string) => join(cwd, name);
  const sources: Record<string, string[]> = {
    'a.test.yaml': ['a.test.yaml', 'a.yaml'],
    'b.test.yaml': ['b.test.yaml', 'shared.ts'],
  };
  const stop = new AbortController();
  const ran: (readonly string[] | 'all')[] = [];
  let saves = 0;
  // Each save sets its own mtime, so that the resolution of the clock does not matter.
  const save = (name: string) => {
    writeFileSync(path(name), String(saves));
    utimesSync(path(name), saves + 1, saves + 1);
  };
  const steps = [() => save('a.yaml'), () => save('shared.ts'), () => utimesSync(cwd, 5, 5), () => stop.abort()];
  const printed: string[] = [];
  const code = await watchTests({
    context: { cwd, signal: stop.signal, print: (text) => void printed.push(text) } as CommandContext,
    named: [cwd],
    clock,
    events: {
      watch(_folders, onEvent) {
        const next = steps[saves];
        saves += 1;
        queueMicrotask(() => {
          next?.();
          onEvent();
        });
        return () => {};
      },
    },
    run: (only) => {
      ran.push(only === undefined ? 'all' : [...only].map((each) => each.slice(cwd.length + 1)));
      const names = Object.keys(sources).filter((name) => only === undefined || only.has(path(name)));
      return Promise.resolve(
        names.map(
          (name) => ({ path: path(name), sources: sources[name]?.map(path) ?? [] }) as unknown as TestFileResult,
        ),
      );
    },
  });
  expect(ran).toEqual(['all', ['a.test.yaml'], ['b.test.yaml'], 'all']);
  expect(code).toBe(130);
  expect(printed.filter((line) => line.startsWith('\n'))).toEqual([
    '\nchanged: a.yaml',
    '\nchanged: shared.ts',
    '\nchanged: ',
  ]);
});

test('a save during the first run is noticed, although the files to watch are known only after the run', async () => {
  write('late.test.yaml', '');
  const stop = new AbortController();
  const ran: (readonly string[] | 'all')[] = [];
  await watchTests({
    context: { cwd, signal: stop.signal, print: () => {} } as unknown as CommandContext,
    named: [],
    clock: { ...clock, now: () => 0 },
    events: {
      watch(_folders, onEvent) {
        queueMicrotask(onEvent);
        return () => {};
      },
    },
    run: (only) => {
      ran.push(only === undefined ? 'all' : [...only].map((each) => each.slice(cwd.length + 1)));
      if (only !== undefined) stop.abort();
      const path = join(cwd, 'late.test.yaml');
      return Promise.resolve([{ path, sources: [path] } as unknown as TestFileResult]);
    },
  });
  expect(ran).toEqual(['all', ['late.test.yaml']]);
});
