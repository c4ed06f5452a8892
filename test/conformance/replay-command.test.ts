import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const REPLAY = fileURLToPath(new URL('apiserver/replay.mjs', import.meta.url));
/** No server listens on this port. */
const UNREACHABLE = 'http://127.0.0.1:1';

const folder = mkdtempSync(join(tmpdir(), 'typekro-replay-'));

function replay(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [REPLAY, ...args], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test.each([
  [['--concurrency', '0'], '--concurrency needs a positive number'],
  [['--concurrency', 'x'], '--concurrency needs a positive number'],
  [['--only', 'no-such-topic'], 'no case is chosen'],
])('the replayer refuses %j', (args, message) => {
  const { status, output } = replay(args);
  expect([status, output]).toEqual([2, expect.stringContaining(message)]);
});

test('the help has only the comment of the program', () => {
  const { status, output } = replay(['--help']);
  const isComment = output.trim().split('\n').every((line) => line.startsWith('//'));
  expect([status, isComment]).toEqual([0, true]);
});

test('an update from an unreachable server fails, and keeps the file and its order', () => {
  const file = join(folder, 'mixed.jsonl');
  const recorded = (id: string) => JSON.stringify({ id, topic: 't', ns: false, steps: [{ req: { path: '/version' }, res: {} }] });
  const text = `${recorded('t/a')}\n${JSON.stringify({ fixture: 'f', steps: [] })}\n${recorded('t/b')}\n`;
  writeFileSync(file, text);
  const { status, output } = replay(['--base', UNREACHABLE, '--update', file]);
  expect([status, output]).toEqual([1, expect.stringContaining('0 passed, 2 failed')]);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
