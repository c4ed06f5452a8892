import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { commands } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "typekro's cache "));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const runIn = (cache: string) => commandRunner(commands, home, { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache });

async function run(line: string): Promise<{ code: number; out: string; err: string }> {
  const { code, out, err } = await runIn(home)(line);
  const plain = (text: string) =>
    text
      .replaceAll(home, 'CACHE')
      .replaceAll(home.replaceAll("'", `'\\''`), 'CACHE')
      .replaceAll(/[\w.-]+-[0-9a-f]{12}/g, 'VERSION-HASH')
      .replaceAll(/"version": "[^"]+"/g, '"version": "VERSION"');
  return { code, out: plain(out), err: plain(err) };
}

test.skipIf(process.platform === 'win32')('envtest prints the folder, a line for a shell, or JSON', async () => {
  expect(await run('envtest')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "CACHE/typekro/envtest/VERSION-HASH",
    }
  `);
  expect(await run('envtest -o env')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "export KUBEBUILDER_ASSETS='CACHE/typekro/envtest/VERSION-HASH'",
    }
  `);
  expect(await run('envtest -o json')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "{
      "schemaVersion": 1,
      "version": "VERSION",
      "kubernetesVersion": "1.36",
      "path": "CACHE/typekro/envtest/VERSION-HASH"
    }",
    }
  `);
  expect((await run('envtest --kubernetes v1.35 -o json')).out).toContain('"kubernetesVersion": "1.35"');
  expect(await run('envtest --kubernetes 1.30')).toMatchObject({ code: 2 });
  expect(await run('envtest -o yaml')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --output yaml is not one of path, env, json [cli/usage]
      hint: choose one: --output path, env or json",
      "out": "",
    }
  `);
  const { out } = await runIn(home)('envtest -o env');
  const { out: path } = await runIn(home)('envtest');
  const shell = spawnSync('sh', ['-c', `${out}; printf %s "$KUBEBUILDER_ASSETS"`], { encoding: 'utf8' });
  expect(shell.stdout).toBe(path);
});

test.skipIf(process.platform === 'win32')(
  'many concurrent calls make one folder, and a later call repairs a changed file',
  async () => {
    const paths = await Promise.all(Array.from({ length: 8 }, async () => (await runIn(home)('envtest')).out));
    const [path = ''] = new Set(paths);
    expect(new Set(paths).size).toBe(1);
    expect(readdirSync(path).toSorted()).toEqual(['etcd', 'kube-apiserver', 'kubectl']);
    const program = join(path, 'etcd');
    const before = { text: readFileSync(program, 'utf8'), mode: statSync(program).mode, inode: statSync(program).ino };
    await run('envtest');
    expect(statSync(program).ino).toBe(before.inode);
    writeFileSync(program, 'damaged');
    chmodSync(join(path, 'kubectl'), 0o600);
    await run('envtest');
    expect(readFileSync(program, 'utf8')).toBe(before.text);
    expect(statSync(program).mode).toBe(before.mode);
    expect(statSync(join(path, 'kubectl')).mode & 0o111).not.toBe(0);
  },
);

test.skipIf(process.platform === 'win32')('a folder writable for other users is repaired or refused', async () => {
  const path = (await runIn(home)('envtest')).out;
  expect(statSync(path).mode & 0o077).toBe(0);
  chmodSync(path, 0o777);
  const other = join(home, 'program');
  writeFileSync(other, readFileSync(join(path, 'etcd'), 'utf8'), { mode: 0o755 });
  rmSync(join(path, 'etcd'));
  symlinkSync(other, join(path, 'etcd'));
  chmodSync(join(path, 'kubectl'), 0o777);
  expect(await run('envtest')).toMatchObject({
    code: 1,
    err: expect.stringContaining('every user may write') as unknown,
  });
  chmodSync(path, 0o775);
  expect(await run('envtest')).toMatchObject({ code: 0 });
  expect(lstatSync(path).mode & 0o077).toBe(0);
  expect(lstatSync(join(path, 'etcd')).isFile()).toBe(true);
  expect(lstatSync(join(path, 'kubectl')).mode & 0o022).toBe(0);
  vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(statSync(path).uid + 1);
  const { code, err } = await run('envtest');
  vi.restoreAllMocks();
  if (statSync(path).uid !== 0) expect([code, err]).toEqual([1, expect.stringContaining('belongs to another user')]);
});

test.skipIf(process.platform === 'win32')('parent folders writable for others are repaired or refused', async () => {
  const path = (await runIn(home)('envtest')).out;
  const above = [dirname(path), dirname(dirname(path))];
  for (const folder of above) chmodSync(folder, 0o770);
  expect(await run('envtest')).toMatchObject({ code: 0 });
  expect(above.map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
  chmodSync(dirname(path), 0o777);
  const { code, err } = await run('envtest');
  expect([code, err]).toEqual([1, expect.stringContaining('chmod o-w ')]);
});

test.skipIf(process.platform === 'win32')(
  'the programs answer --help and --version without Node, and kubectl is the kubectl of the PATH',
  async () => {
    const path = (await runIn(home)('envtest')).out;
    for (const name of ['etcd', 'kube-apiserver']) {
      const { status, stdout } = spawnSync(join(path, name), ['--help'], {
        encoding: 'utf8',
        env: { PATH: '/usr/bin:/bin' },
      });
      expect([status, stdout.split('\n')[0]?.split(':')[0]]).toEqual([0, name]);
      const asked = spawnSync(join(path, name), ['--version'], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
      expect(asked.status).toBe(0);
      expect(asked.stdout).toMatch(/^(?:Kubernetes v1\.36\.0|etcd Version: 3\.\d+\.\d+)\+typekro\n$/);
    }
    const own = mkdtempSync(join(home, 'own bin'));
    writeFileSync(join(own, 'kubectl'), '#!/bin/sh\necho "own $*"\n', { mode: 0o755 });
    const kubectl = (folders: readonly string[]) =>
      spawnSync(join(path, 'kubectl'), ['get', 'a  b'], { encoding: 'utf8', env: { PATH: folders.join(':') } });
    expect(kubectl([path, own]).stdout).toBe('own get a  b\n');
    const other = (await runIn(join(home, 'other cache'))('envtest')).out;
    expect(kubectl([path, other, path, own]).stdout).toBe('own get a  b\n');
    expect(kubectl([other, path])).toMatchObject({ status: 127, stdout: '' });
    // An empty entry of the PATH means the current folder.
    const here = { encoding: 'utf8', env: { PATH: ':' }, cwd: own } as const;
    expect(spawnSync(join(path, 'kubectl'), ['get'], here).stdout).toBe('own get\n');
  },
);

test.skipIf(process.platform === 'win32')(
  'a cache folder in which every user may replace folders is refused, unless it has the sticky bit',
  async () => {
    const shared = join(home, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const { code, err } = await runIn(shared)('envtest');
    expect([code, err]).toEqual([1, expect.stringContaining(`every user may replace the folders in ${shared}`)]);
    chmodSync(shared, 0o1777);
    expect((await runIn(shared)('envtest')).code).toBe(0);
  },
);

test('a folder that cannot be written is refused with a reason, and so is Windows', async () => {
  writeFileSync(join(home, 'file'), '');
  if (process.platform !== 'win32') {
    const { code, err } = await runIn(join(home, 'file'))('envtest');
    expect([code, err]).toEqual([1, expect.stringContaining('set XDG_CACHE_HOME to a folder that you may write to')]);
  }
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  expect(await run('envtest')).toMatchObject({
    code: 1,
    err: expect.stringContaining('run the tests in WSL') as unknown,
  });
  vi.restoreAllMocks();
});
