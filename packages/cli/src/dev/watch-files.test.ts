import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { DEBOUNCE_MS, nextChange, statesAsRead, statesOf } from './watch-files.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-watch-'));
  file = join(folder, 'app.ts');
  writeFileSync(file, 'first');
  utimesSync(file, 1, 1);
});

/** Waits for a change of the file. The test controls the time and the events. */
function waiting(states = statesOf([file])) {
  const clock = new TestClock();
  let event = (): void => {};
  let changed: readonly string[] | undefined;
  const events = {
    watch(_folders: Iterable<string>, onEvent: () => void) {
      event = onEvent;
      return () => {};
    },
  };
  void nextChange(events, states, clock, new AbortController().signal).then((files) => {
    changed = files;
  });
  return { clock, event: () => event(), changed: () => changed };
}

test('events of other files do not extend the wait', async () => {
  const { clock, event, changed } = waiting();
  writeFileSync(file, 'second');
  for (let ms = 0; ms <= DEBOUNCE_MS; ms += 10) {
    event();
    await clock.advance(10);
  }
  expect(changed()).toEqual([file]);
});

test('a file that is written in steps counts as saved when no write follows for a while', async () => {
  const { clock, event, changed } = waiting();
  for (const text of ['', 'sec', 'second']) {
    writeFileSync(file, text);
    event();
    await clock.advance(DEBOUNCE_MS - 1);
    expect(changed()).toBeUndefined();
  }
  // This write causes no event.
  writeFileSync(file, 'second and last');
  await clock.advance(1);
  expect(changed()).toBeUndefined();
  await clock.advance(DEBOUNCE_MS);
  expect(changed()).toEqual([file]);
});

test('a change that is reverted is not a save', async () => {
  const { clock, event, changed } = waiting(new Map([[join(folder, 'new.ts'), 'absent']]));
  writeFileSync(join(folder, 'new.ts'), '');
  event();
  rmSync(join(folder, 'new.ts'));
  event();
  await clock.advance(10 * DEBOUNCE_MS);
  expect(changed()).toBeUndefined();
});

test('a file is absent when its folder was replaced by a file', async () => {
  const inner = join(folder, 'app', 'def.yaml');
  mkdirSync(join(folder, 'app'));
  writeFileSync(inner, '');
  const { clock, event, changed } = waiting(statesOf([inner]));
  rmSync(join(folder, 'app'), { recursive: true });
  writeFileSync(join(folder, 'app'), '');
  event();
  await clock.advance(DEBOUNCE_MS);
  expect(changed()).toEqual([inner]);
  expect(statesOf([inner])).toEqual(new Map([[inner, 'absent']]));
  expect(statesAsRead([inner], new Map(), 0)).toEqual(statesOf([inner]));
});

test('a file that was saved after its read began counts as changed; a state that is known from before the read is kept', () => {
  const saved = Math.floor(statSync(file).ctimeMs);
  const now = statesOf([file]);
  expect(statesAsRead([file], new Map(), saved)).toEqual(now);
  expect(statesAsRead([file], new Map(), saved - 1)).not.toEqual(now);
  expect(statesAsRead([file], new Map([[file, 'before']]), saved)).toEqual(new Map([[file, 'before']]));
  const absent = join(folder, 'none.ts');
  expect(statesAsRead([absent], new Map(), 0)).toEqual(statesOf([absent]));
});

test('an imported file counts as saved when an older file gets its name during the read', () => {
  const older = join(folder, 'older.ts');
  writeFileSync(older, 'older');
  utimesSync(older, 1, 1);
  renameSync(older, file);
  expect(statesAsRead([file], new Map(), Math.floor(statSync(file).ctimeMs) - 1)).not.toEqual(statesOf([file]));
});
