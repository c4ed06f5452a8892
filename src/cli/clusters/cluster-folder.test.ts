import { expect, test } from 'vitest';
import { clustersDirectory, clusterFolder, stateOf } from './cluster-folder.ts';

test.each([
  ['nothing', { hasFolder: false, isHeld: false, hasLock: false }, 'absent'],
  ['a folder without a lock', { hasFolder: true, isHeld: false, hasLock: false }, 'stopped'],
  ['a lock of a live process', { hasFolder: true, isHeld: true, hasLock: true, pid: 7 }, 'starting'],
  ['its record, too', { hasFolder: true, isHeld: true, hasLock: true, pid: 7, recordPid: 7 }, 'running'],
  [
    'the record of an earlier process',
    { hasFolder: true, isHeld: true, hasLock: true, pid: 7, recordPid: 6 },
    'starting',
  ],
  ['a lock of a process that has ended', { hasFolder: true, isHeld: false, hasLock: true }, 'crashed'],
  ['a record without a lock', { hasFolder: true, isHeld: false, hasLock: false, recordPid: 7 }, 'crashed'],
] as const)('the state of %s', (_what, facts, state) => {
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
] as const)('the folder of all clusters for %o on %s', (env, platform, folder) => {
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
