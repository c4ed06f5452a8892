import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';

const lockModule = new URL('../../scripts/lock.mjs', import.meta.url).href;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-lock-'));
  writeFileSync(join(directory, 'count'), '0');
});

/** Reads a number, waits so that other processes could interfere, and writes the next number. */
const INCREMENT = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { withLock } from ${JSON.stringify(lockModule)};
  await withLock('lock', async () => {
    const count = Number(readFileSync('count', 'utf8'));
    await setTimeout(30);
    writeFileSync('count', String(count + 1));
  });
`;
const increment = () =>
  new RunningCommand(process.execPath, ['--input-type=module', '--eval', INCREMENT], { cwd: directory }).ended;

test('several processes take the lock one at a time, and remove it at the end', async () => {
  const ended = await Promise.all(Array.from({ length: 5 }, increment));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(readFileSync(join(directory, 'count'), 'utf8')).toBe('5');
  expect(existsSync(join(directory, 'lock'))).toBe(false);
});

test('exactly one waiting process takes over the lock of an ended process', async () => {
  const { pid } = spawnSync(process.execPath, ['--eval', '']);
  writeFileSync(join(directory, 'lock'), String(pid));
  const ended = await Promise.all(Array.from({ length: 4 }, increment));
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(readFileSync(join(directory, 'count'), 'utf8')).toBe('4');
});
