import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { loadKubeConfig } from '@typekro/kube';
import { type ProcessLock, isSameStart, lockHolder, startInStat, takeLock } from './process-lock.ts';
import { takeStateDirectory } from './state-directory.ts';

describe('a process lock', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'typekro-lock-'));
    file = join(directory, 'lock');
  });

  const take = (): ProcessLock => {
    const lock = takeLock(file);
    if ('holder' in lock) throw new Error(`held by ${lock.holder}`);
    return lock;
  };

  test('is refused while its process is alive, with the id of that process', () => {
    const lock = take();
    expect(takeLock(file)).toEqual({ holder: process.pid });
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['of a process that died', '999999999 1 x'],
    ['of an earlier process with the same id as this process', `${process.pid} 1 x`],
    ['without a process', 'garbage'],
    ['without content', ''],
  ])('replaces a lock %s', (_what, content) => {
    writeFileSync(file, content);
    const lock = take();
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    expect(lock.isHeld()).toBe(true);
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  const DEAD = '999999999 1 x';
  const claimOf = (lock: string) => `${file}.${createHash('sha256').update(lock).digest('hex').slice(0, 16)}.claim`;

  test('is refused while another process replaces the dead lock', () => {
    writeFileSync(file, DEAD);
    const claim = takeLock(claimOf(DEAD));
    expect(takeLock(file)).toEqual({ holder: process.pid });
    expect(readFileSync(file, 'utf8')).toBe(DEAD);
    if ('release' in claim) claim.release();
    expect(take().isHeld()).toBe(true);
  });

  test('replaces a dead lock even if an earlier process died during the takeover and left its claim', () => {
    writeFileSync(file, DEAD);
    writeFileSync(claimOf(DEAD), '999999998 1 y');
    expect(take().isHeld()).toBe(true);
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  test('names a live holder, but neither a process that has ended nor a new process with the same pid', () => {
    expect(lockHolder(file)).toBeUndefined();
    const lock = take();
    expect(lockHolder(file)).toEqual({ pid: process.pid, isCertain: process.platform === 'linux' });
    for (const dead of ['999999999 1 x', `${process.pid} 1 x`, 'garbage', '', '0 - x', '-1 - x']) {
      writeFileSync(file, dead);
      expect([dead, lockHolder(file)]).toEqual([dead, undefined]);
    }
    lock.release();
  });

  test.each([
    ['is refused while its process is alive', '999999999 1 x', { holder: 999_999_999 }],
    [
      'replaces the lock of an earlier process with the same id',
      `${process.pid} 1 x`,
      { isHeld: expect.any(Function) },
    ],
  ])('%s, even if this user may not signal the process', (_title, content, expected) => {
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    writeFileSync(file, content);
    try {
      expect(takeLock(file)).toMatchObject(expected);
    } finally {
      kill.mockRestore();
    }
  });

  test.skipIf(process.platform !== 'linux')(
    'of another container is never replaced, and its process is not certain',
    () => {
      const lock = take();
      const [, , , space = ''] = readFileSync(file, 'utf8').split(' ');
      lock.release();
      const boot = space.slice(0, space.indexOf('/'));
      for (const pid of [999_999_999, process.pid]) {
        writeFileSync(file, `${pid} 1 x ${boot}/pid:[1]`);
        expect(takeLock(file)).toEqual({ holder: pid, elsewhere: expect.stringContaining(`remove ${file}`) as string });
        expect(lockHolder(file)).toEqual({ pid, isCertain: false });
      }
      // After a restart of the system, no process of a lock from before runs.
      writeFileSync(file, '999999999 1 x another-boot/pid:[1]');
      expect(take().isHeld()).toBe(true);
    },
  );

  test('is held while the process can open no file, and not when something else is in its place', () => {
    const script = join(directory, 'files.mts');
    const path = fileURLToPath(new URL('process-lock.ts', import.meta.url));
    writeFileSync(
      script,
      `import { openSync } from 'node:fs';
      import { takeLock } from '${path}';
      const lock = takeLock('${file}');
      try { for (;;) openSync('/dev/null'); } catch (error) { console.log(error.code, lock.isHeld()); }`,
    );
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), script]
      .map((word) => `'${word}'`)
      .join(' ');
    expect(execFileSync('sh', ['-c', `ulimit -n 256; ${node}`], { encoding: 'utf8' })).toBe('EMFILE true\n');
    rmSync(file);
    const lock = take();
    rmSync(file);
    mkdirSync(file);
    expect(lock.isHeld()).toBe(false);
  });

  test('is not released when another process has replaced it', () => {
    const lock = take();
    writeFileSync(file, '1 1 other');
    expect(lock.isHeld()).toBe(false);
    lock.release();
    expect(readFileSync(file, 'utf8')).toBe('1 1 other');
  });
});

test.each([
  ['running', `7 (node) S ${'1 '.repeat(18)}4711 2`, '4711'],
  ['with brackets in its name', `7 (a) Z (b) R ${'1 '.repeat(18)}4711 2`, '4711'],
  ['that is a zombie', `7 (node) Z ${'1 '.repeat(18)}4711 2`, 'ended'],
  ['without an entry', undefined, '-'],
])('startInStat has the expected result for a process %s', (_what, stat, start) => {
  expect(startInStat(stat)).toBe(start);
});

test.each([
  ['4711', '4711', true],
  ['4711', '4712', false],
  ['4711', '-', true],
  ['-', '4711', true],
  ['-', '-', true],
  ['-', 'ended', false],
  ['4711', 'ended', false],
])('a process that started at %s can be the process that started at %s: %s', (locked, now, same) => {
  expect(isSameStart(locked, now)).toBe(same);
});

test('the suggested command for a running cluster can be copied, even if its path contains spaces', () => {
  const folder = mkdtempSync(join(tmpdir(), "typekro it's "));
  try {
    const state = takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default');
    const quoted = `'${state.kubeconfig.replace("'", `'\\''`)}'`;
    expect(() => takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default')).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining(`\`export KUBECONFIG=${quoted}\``) }),
    );
    state.release();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the server address in the kubeconfig of a stopped cluster says that the cluster has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-state-'));
  try {
    const state = takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default');
    state.release();
    const { server, credentials } = await loadKubeConfig({ path: state.kubeconfig });
    expect(server).toBe('https://this-cluster-has-ended-.start-it-again-with.typekro-up.invalid');
    expect(credentials).toEqual({ token: 'ended' });
    // This call throws unless the name is free again.
    takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default').release();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a draft of a lock that came with the project as a link is replaced', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-state-'));
  symlinkSync(join(folder, 'outside'), join(folder, `lock.${process.pid}`));
  expect(takeLock(join(folder, 'lock'))).toHaveProperty('release');
  expect(readdirSync(folder)).toEqual(['lock']);
  rmSync(folder, { recursive: true });
});

test.each([
  ['.typekro', '.'],
  ['.typekro/default', '.typekro'],
  ['.typekro/default/state', '.typekro/default'],
  ['.typekro/default/kubeconfig', '.typekro/default'],
  ['.typekro/default/log', '.typekro/default'],
  ['.typekro/default/lock', '.typekro/default'],
])('nothing is written through a link that came with the project: %s', (link, parent) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-state-'));
  try {
    mkdirSync(join(folder, 'project', parent), { recursive: true });
    mkdirSync(join(folder, 'outside'));
    symlinkSync(join(folder, 'outside'), join(folder, 'project', link));
    expect(() =>
      takeStateDirectory({ cwd: join(folder, 'project'), signal: new AbortController().signal }, 'default'),
    ).toThrow(
      expect.objectContaining({ code: 'up/state-directory', message: expect.stringContaining('is a symbolic link') }),
    );
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
    expect(readdirSync(join(folder, 'project', parent))).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
