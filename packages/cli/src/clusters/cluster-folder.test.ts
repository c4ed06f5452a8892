import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readSettings, removeRecord } from './cluster-files.ts';
import { clustersDirectory, clusterFolder, inFolder, isFull, stateOf } from './cluster-folder.ts';

test.each([
  ['nothing', { hasFolder: false, isHeld: false, hasLock: false }, 'absent'],
  ['a folder without a lock', { hasFolder: true, isHeld: false, hasLock: false }, 'stopped'],
  ['a lock of a live process', { hasFolder: true, isHeld: true, hasLock: true, pid: 7 }, 'starting'],
  [
    'a lock and the record of a live process',
    { hasFolder: true, isHeld: true, hasLock: true, pid: 7, recordPid: 7 },
    'running',
  ],
  [
    'the record of an earlier process',
    { hasFolder: true, isHeld: true, hasLock: true, pid: 7, recordPid: 6 },
    'starting',
  ],
  ['a lock of a process that has ended', { hasFolder: true, isHeld: false, hasLock: true }, 'crashed'],
  ['a record without a lock', { hasFolder: true, isHeld: false, hasLock: false, recordPid: 7 }, 'crashed'],
] as const)('stateOf returns the expected state for %s', (_what, facts, state) => {
  expect(stateOf(facts)).toBe(state);
});

test.each([
  [{ XDG_STATE_HOME: '/state', HOME: '/home' }, 'linux', '/state/typekro/clusters'],
  [{ XDG_STATE_HOME: '', HOME: '/home' }, 'linux', '/home/.local/state/typekro/clusters'],
  [{ XDG_STATE_HOME: 'state', HOME: '/home' }, 'linux', '/home/.local/state/typekro/clusters'],
  [{ HOME: '/home' }, 'darwin', '/home/Library/Application Support/typekro/clusters'],
  [{ LOCALAPPDATA: '/local', HOME: '/home' }, 'win32', '/local/typekro/clusters'],
  [{ LOCALAPPDATA: 'local', HOME: '/home' }, 'win32', '/home/AppData/Local/typekro/clusters'],
  [{ HOME: '/home' }, 'win32', '/home/AppData/Local/typekro/clusters'],
] as const)('clustersDirectory returns the folder for the environment %o on %s', (env, platform, folder) => {
  expect(clustersDirectory(env, platform).replaceAll('\\', '/')).toBe(folder);
});

test.each(['', '.', '..', '../a', 'a/b', 'A', 'a_b', '-a', 'a-', 'a.b', 'a'.repeat(64), 'a\n'])(
  'the name %j is refused',
  (name) => {
    expect(() => clusterFolder({ HOME: '/home' }, name)).toThrow(
      expect.objectContaining({ code: 'cli/cluster-name' }) as Error,
    );
  },
);

describe('a folder that another process removes repeatedly', () => {
  const failing = (times: number, code: string): [work: () => boolean, env: { readonly XDG_STATE_HOME: string }] => {
    const home = mkdtempSync(join(tmpdir(), 'typekro-folder-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const { path } = clusterFolder({ XDG_STATE_HOME: home }, 'dev');
    let calls = 0;
    const work = (): boolean => {
      calls += 1;
      if (calls > times) return existsSync(path);
      rmSync(path, { recursive: true });
      throw Object.assign(new Error(code), { code });
    };
    return [work, { XDG_STATE_HOME: home }];
  };
  const use = ([work, env]: ReturnType<typeof failing>): boolean => inFolder(env, clusterFolder(env, 'dev'), work);

  test('is made again', () => {
    expect(use(failing(3, 'ENOENT'))).toBe(true);
  });

  test.each([
    [99, 'ENOENT', /XDG_STATE_HOME/],
    [1, 'EACCES', /XDG_STATE_HOME/],
    [1, 'ENOSPC', /make room on the disk/],
  ] as const)('causes an error with a remedy if the work in it fails %i times with %s', (times, code, remedy) => {
    expect(() => use(failing(times, code))).toThrow(
      expect.objectContaining({ code: 'cluster/folder', remedy: expect.stringMatching(remedy) as string }) as Error,
    );
  });
});

test.each([
  ['dev', ''],
  ['.', ''],
  ['..', ''],
  ['dev/cluster.json/x', 'a folder'],
])('a file or folder in the way at %s is named', (place, what) => {
  const home = mkdtempSync(join(tmpdir(), 'typekro-folder-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: home };
  const folder = clusterFolder(env, 'dev');
  const path = join(clustersDirectory(env), place);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  expect(readSettings(folder.path)).toBeUndefined();
  expect(() => inFolder(env, folder, () => removeRecord(folder.path))).toThrow(
    what === '' ? /is a file, or a part of this path is one$/ : /cluster\.json is a folder, not a file$/,
  );
});

test.each([
  [{ code: 'ENOSPC' }, true],
  [{ code: 'EDQUOT' }, true],
  [{ code: 'cluster/folder', cause: { code: 'ENOSPC' } }, true],
  [{ code: 'EACCES' }, false],
  [{ code: 'cluster/folder', cause: undefined }, false],
])('the error %o means that the disk is full: %s', (error, expected) => {
  expect(isFull(error)).toBe(expected);
});
