import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { type Ended, CLI, RunningCommand } from '../support/command.ts';

interface View {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly url: string;
  readonly kubeconfig: string;
}

/** `typekro cluster` with real processes. */
describe.skipIf(process.platform === 'win32')('named clusters', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'named clusters '));
  });
  afterEach(async () => {
    expect((await run('stop', '--all', '--delete')).code).toBe(0);
    rmSync(home, { recursive: true, force: true });
  });

  const run = (...words: readonly string[]): Promise<Ended> => {
    const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, KUBECONFIG: join(home, 'config') };
    return new RunningCommand(process.execPath, [CLI, 'cluster', ...words], { cwd: home, env }).ended;
  };
  async function ok(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...words);
    expect([words, code, stderr]).toEqual([words, 0, '']);
    return stdout;
  }
  const start = async (...words: readonly string[]): Promise<View> =>
    (JSON.parse(await ok('start', ...words, '-o', 'json')) as { cluster: View }).cluster;
  const state = async (name: string): Promise<string> =>
    (JSON.parse((await run('status', name, '-o', 'json')).stdout) as { cluster: View }).cluster.state;
  const folder = (name: string): string => join(home, 'typekro', 'clusters', name);

  /** Waits for the end of a process that is not a child of this process. */
  const ended = (pid: number) => expect.poll(() => hasEnded(pid), { timeout: 20_000 }).toBe(true);
  function hasEnded(pid: number): boolean {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    // A zombie process has also ended: only its parent has not read the exit code.
    return existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  }

  async function useApi<Result>({ kubeconfig }: View, work: (api: KubeClient) => Promise<Result>): Promise<Result> {
    const api = new KubeClient({ config: await loadKubeConfig({ path: kubeconfig }) });
    try {
      return await work(api);
    } finally {
      await api.close();
    }
  }
  const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' } };
  const create = (view: View) => useApi(view, (api) => api.create(MAP));
  const find = (view: View) =>
    useApi(view, (api) => api.find({ apiVersion: 'v1', kind: 'ConfigMap', name: 'kept', namespace: 'default' }));

  test(
    'five concurrent starts with one name start one cluster, and two names start two clusters',
    { timeout: 120_000 },
    async () => {
      const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => start('dev')));
      const other = await start('other');
      expect(new Set(others.map(({ pid }) => pid))).toEqual(new Set([first?.pid]));
      expect(other.pid).not.toBe(first?.pid);
      expect(await ok('list')).toMatch(/^NAME .*\ndev +running .*\nother +running /);
      await ok('stop', '--all');
      for (const pid of [first?.pid ?? 0, other.pid]) await ended(pid);
      expect(readdirSync(join(home, 'typekro', 'clusters'))).toEqual([]);
    },
  );

  test.skipIf(process.platform !== 'linux')(
    'a cluster does not keep the files of the caller open',
    { timeout: 60_000 },
    async () => {
      const env = { ...process.env, HOME: home, XDG_STATE_HOME: home };
      // Node does not pass inherited file descriptors up to 15 to its children. Therefore the pipe has the number 20.
      const stdio = [...Array<'ignore'>(20).fill('ignore'), 'pipe'] as const;
      const command = spawn(process.execPath, [CLI, 'cluster', 'start'], { cwd: home, env, stdio: [...stdio] });
      const pipe = command.stdio[20 as 3] as Readable;
      pipe.resume();
      // The pipe ends when the last process closes it.
      await once(pipe, 'end');
      expect(await state('default')).toBe('running');
    },
  );

  test('SIGTERM shuts a cluster down cleanly, and its data survives kill -9', { timeout: 120_000 }, async () => {
    const first = await start('dev', '--data', '--use-context');
    await create(first);
    process.kill(first.pid, 'SIGKILL');
    await ended(first.pid);
    expect(await state('dev')).toBe('crashed');
    expect((await run('status', 'dev')).stdout).toContain('typekro cluster start dev');
    const second = await start('dev');
    expect([second.url, (await find(second))?.metadata.name]).toEqual([first.url, 'kept']);
    process.kill(second.pid, 'SIGTERM');
    await ended(second.pid);
    expect(await state('dev')).toBe('stopped');
    expect(readFileSync(join(home, 'config'), 'utf8')).not.toContain('typekro-dev');
    expect(readFileSync(join(folder('dev'), 'log'), 'utf8')).toMatch(/ ended\n$/);
  });

  test(
    'the kubeconfig of a named cluster cannot get the context of another cluster',
    { timeout: 120_000 },
    async () => {
      const { kubeconfig } = await start('dev');
      const before = readFileSync(kubeconfig, 'utf8');
      const { code, stderr } = await run('start', 'other', '--use-context', '--kubeconfig', kubeconfig);
      expect([code, stderr]).toEqual([1, expect.stringContaining('is the kubeconfig of a named cluster')]);
      expect(readFileSync(kubeconfig, 'utf8')).toBe(before);
    },
  );

  test('a start after a crash renews the context, and a stop removes it', { timeout: 120_000 }, async () => {
    const tokenIn = (path: string) => /token: "?([^"\s]+)/.exec(readFileSync(path, 'utf8'))?.[1];
    const { pid } = await start('dev', '--use-context');
    const first = tokenIn(join(home, 'config'));
    process.kill(pid, 'SIGKILL');
    await ended(pid);
    const again = await start('dev');
    expect(tokenIn(join(home, 'config'))).toBe(tokenIn(again.kubeconfig));
    expect(tokenIn(join(home, 'config'))).not.toBe(first);
    process.kill(again.pid, 'SIGKILL');
    await ended(again.pid);
    expect(readFileSync(join(home, 'config'), 'utf8')).toContain('current-context: typekro-dev');
    await ok('stop', 'dev');
    expect(readFileSync(join(home, 'config'), 'utf8')).not.toContain('typekro-dev');
  });

  test('a stop does not end another process that has the pid of a former cluster', { timeout: 120_000 }, async () => {
    const { pid } = await start('dev');
    process.kill(pid, 'SIGKILL');
    await ended(pid);
    const foreign = new RunningCommand('sleep', ['60'], { cwd: home });
    const number = foreign.process.pid ?? 0;
    // The files `lock` and `cluster.json`, as a former process with the same pid would have left them.
    writeFileSync(join(folder('dev'), 'lock'), `${number} 1 x`);
    const record = join(folder('dev'), 'cluster.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(/"pid": \d+/, `"pid": ${number}`));
    expect(await state('dev')).toBe('crashed');
    expect(await ok('stop', 'dev')).toContain('was not running');
    expect(hasEnded(number)).toBe(false);
    foreign.process.kill('SIGKILL');
    await foreign.ended;
  });

  test('a stop ends a process that does not respond', { timeout: 120_000 }, async () => {
    const { pid } = await start('dev');
    const record = join(folder('dev'), 'cluster.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace(/"controlPort": \d+/, '"controlPort": 1'));
    const { code, stdout } = await run('status', 'dev');
    expect([code, stdout]).toEqual([1, expect.stringContaining('does not respond')]);
    const stopped = await run('stop', 'dev');
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('has ended') as string });
    expect(stopped.stderr).toBe('dev has not ended after the request to stop; SIGTERM follows\n');
    await ended(pid);
  });

  test(
    'a cluster ends when its folder is moved away, and another cluster can have its name',
    { timeout: 120_000 },
    async () => {
      const { pid } = await start('dev');
      renameSync(folder('dev'), join(home, 'aside'));
      const next = await start('dev');
      await ended(pid);
      expect(next.pid).not.toBe(pid);
      expect(await state('dev')).toBe('running');
    },
  );

  test('the control interface refuses requests without its token', { timeout: 120_000 }, async () => {
    await start('dev');
    const { controlPort, controlToken } = JSON.parse(readFileSync(join(folder('dev'), 'cluster.json'), 'utf8')) as {
      controlPort: number;
      controlToken: string;
    };
    const status = (path: string, token?: string, method = 'GET') =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        request({ host: '127.0.0.1', port: controlPort, path, method, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect([
      await status('/snapshot'),
      await status('/stop', 'wrong', 'POST'),
      await status('/status', controlToken),
      await status('/restore', controlToken, 'POST'),
      await status('/nothing', controlToken),
      await status('/stop', controlToken),
    ]).toEqual([401, 401, 200, 422, 404, 404]);
    expect(await state('dev')).toBe('running');
  });

  test(
    'a start at the port of another cluster fails, names the port, and leaves no files behind',
    { timeout: 120_000 },
    async () => {
      const { url } = await start('dev');
      const { code, stderr } = await run('start', 'other', '--port', new URL(url).port);
      expect([code, stderr]).toEqual([1, expect.stringContaining('is in use')]);
      expect(await ok('list')).not.toContain('other');
    },
  );

  test.skipIf(!existsSync('/dev/full'))(
    'a cluster whose log cannot be written, because the disk is full, continues to serve',
    { timeout: 120_000 },
    async () => {
      const path = folder('dev');
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const kubeconfig = join(path, 'kubeconfig');
      const files = { name: 'dev', path, lock: join(path, 'lock'), kubeconfig, log: join(path, 'log') };
      const full = openSync('/dev/full', 'w');
      const stdio = ['ignore', full, full, 'ipc'] as const;
      const env = { ...process.env, XDG_STATE_HOME: home };
      const child = fork(join(dirname(CLI), 'clusters/server-main.js'), { cwd: home, env, stdio: [...stdio] });
      closeSync(full);
      child.send({ folder: { ...files, data: join(path, 'data') }, settings: { schemaVersion: 1, data: false } });
      const [report] = (await once(child, 'message')) as unknown[];
      expect(report).toEqual({ kind: 'ready' });
      const view = JSON.parse((await run('status', 'dev', '-o', 'json')).stdout) as { cluster: View };
      // The process reports each of these signals in its log.
      child.kill('SIGHUP');
      await create(view.cluster);
      child.kill('SIGHUP');
      expect((await find(view.cluster))?.metadata.name).toBe('kept');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );
});
