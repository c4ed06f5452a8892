import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';

let folder: string;

/** Runs `npm create typekro` next to a package `typekro` whose command is this code. */
function create(code: string, env: NodeJS.ProcessEnv = {}): RunningCommand {
  writeFileSync(join(folder, 'node_modules/typekro/main.mjs'), code);
  const command = join(folder, 'create-typekro.mjs');
  return new RunningCommand(process.execPath, [command, 'my-app'], { cwd: folder, env: { ...process.env, ...env } });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-create-exit-'));
  mkdirSync(join(folder, 'node_modules/typekro'), { recursive: true });
  writeFileSync(
    join(folder, 'node_modules/typekro/package.json'),
    '{ "name": "typekro", "bin": { "typekro": "main.mjs" } }',
  );
  const script = fileURLToPath(new URL('../../create-typekro/create-typekro.js', import.meta.url));
  copyFileSync(script, join(folder, 'create-typekro.mjs'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['the exit code of the command', 'process.exitCode = 3;', 3],
  [
    '128 plus the number of the signal that ended the command',
    'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);',
    137,
  ],
])('the exit code is %s', async (_what, code, expected) => {
  expect(await create(code).ended).toMatchObject({ code: expected, stderr: '' });
});

test('a signal is passed on to the command, and the exit code of the command is used', async () => {
  const running = create(
    'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready");',
  );
  await running.until(/ready/);
  running.process.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 7 });
});

test('a command that cannot start causes an error with a message', async () => {
  const script = 'process.execPath="/none/node"';
  const ended = await create('', { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }).ended;
  expect(ended).toMatchObject({ code: 1, stderr: 'error: typekro init does not start: spawn /none/node ENOENT\n' });
});
