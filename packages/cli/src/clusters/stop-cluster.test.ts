import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startInStat } from '../up/process-lock.ts';
import { clusterFolder } from './cluster-folder.ts';
import { stopCluster } from './stop-cluster.ts';

let home: string;
const children: ChildProcess[] = [];
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'typekro-stop-'))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** Starts a process that runs a statement, and makes it the holder of a cluster's lock. */
async function startHolder(lock: string, statement: string) {
  const program = `${statement}; console.log('up'); setInterval(() => undefined, 1e6);`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child.stdout, 'data');
  writeFileSync(lock, `${child.pid} ${startInStat(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))} holder`);
  return child;
}

// Only Linux reports the start times of processes. On other systems it is never certain which process a signal would
// end, so no signal is sent.
test.runIf(process.platform === 'linux').each([
  ['', 'SIGTERM', []],
  ["process.on('SIGTERM', () => undefined)", 'SIGKILL', ['dev has not ended after SIGTERM; SIGKILL follows']],
])('a lock holder that runs %j is ended by %s, and each step is printed', async (statement, endedBy, said) => {
  const env = { XDG_STATE_HOME: home };
  const folder = clusterFolder(env, 'dev');
  mkdirSync(folder.path, { recursive: true });
  const child = await startHolder(folder.lock, statement);
  const exit = once(child, 'exit');
  const lines: string[] = [];
  const context = {
    cwd: home,
    env,
    print: () => undefined,
    printError: (line: string) => void lines.push(line),
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  };
  const limits = { request: 100, stopped: 100, terminated: 500, killed: 5000 };
  expect(await stopCluster(context, 'dev', false, limits)).toEqual({
    name: 'dev',
    before: 'starting',
    endedBy,
    kept: false,
  });
  expect(lines).toEqual(said);
  expect((await exit)[1]).toBe(endedBy);
  expect(existsSync(folder.path)).toBe(false);
});
