import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterSnapshot } from '@typekro/cluster';
import { cryptoLibrary } from '@typekro/kit/core';
import { startInStat } from '../up/process-lock.ts';
import { readSettings, removeRecord } from './cluster-files.ts';
import { clusterFolder, clustersDirectory, inFolder, isFull, isOfFolder, stateOf } from './cluster-folder.ts';
import { isInherited } from './inherited-files.ts';
import { stopCluster } from './stop-cluster.ts';
import { parseStateFile, stateLines } from './state-file.ts';

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

test.each([
  [{ code: 'EACCES', path: '/state/log.jsonl' }, true],
  [{ code: 'EROFS', path: '/state/log.jsonl' }, true],
  [{ code: 'ENOSPC' }, true],
  [{ code: 'EADDRINUSE', address: '127.0.0.1' }, false],
])('the error %o of a start comes from the folder: %s', (error, expected) => {
  expect(isOfFolder(error)).toBe(expected);
});

test.each([
  ['a pipe of the caller', 'pos:\t0\nflags:\t01\nmnt_id:\t15\n', true],
  ['a pipe of Node', 'pos:\t0\nflags:\t02004001\nmnt_id:\t15\n', false],
  ['a file of Node', 'pos:\t0\nflags:\t02100000\nmnt_id:\t15\n', false],
  ['a file without flags', 'pos:\t0\n', false],
])('isInherited decides whether the process inherits %s', (_what, info, expected) => {
  expect(isInherited(info)).toBe(expected);
});

describe('stop cluster', () => {
  let home: string;
  const children: ChildProcess[] = [];
  beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'typekro-stop-'))));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
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
});

const object = (name: string, resourceVersion: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', resourceVersion },
  ...more,
});

const SNAPSHOT: ClusterSnapshot = {
  resourceVersion: '12',
  collections: [
    { group: '', plural: 'configmaps', items: [object('a', '1', { data: { a: 'ü\n' } }), object('b', '2')] },
    { group: 'acme.test', plural: 'boats', items: [object('c', '3', { spec: { max: 9223372036854775807n } })] },
  ],
  logs: [{ key: 'k', lines: [{ time: 1, text: 'hello' }] }],
};
const ORIGIN = { cluster: 'dev', kubernetesVersion: '1.36', takenAt: '2026-01-01T00:00:00Z' };
const TEXT = [...stateLines(SNAPSHOT, ORIGIN)].join('');

const parse = (text: string) => parseStateFile(Buffer.from(text), 'a.jsonl', '1.36');

/** Returns the lines, followed by a correct checksum line. */
function signed(...lines: readonly string[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  return `${text}{"sha256":"${cryptoLibrary().createHash('sha256').update(text).digest('hex')}"}\n`;
}
const HEAD = (TEXT.split('\n')[0] ?? '').replace('"objects":3', '"objects":1');
const lineOf = (value: object) => JSON.stringify({ group: '', plural: 'configmaps', object: value });

test('a snapshot is read as it was written, including large integers', () => {
  const { head, snapshot } = parse(TEXT);
  expect(snapshot).toEqual(SNAPSHOT);
  expect(head).toEqual({ schemaVersion: 1, kind: 'TypeKroClusterState', ...ORIGIN, resourceVersion: '12', objects: 3 });
  expect(parse(signed(HEAD, lineOf(object('a', '1')))).snapshot.collections).toHaveLength(1);
});

test('a file that is cut at any byte, or has any byte changed, is refused', () => {
  const bytes = Buffer.from(TEXT);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseStateFile(bytes.subarray(0, length), 'a.jsonl', '1.36'), `cut at ${length}`).toThrow(/a\.jsonl/);
    const changed = Buffer.from(bytes);
    changed[length] = (changed[length] ?? 0) ^ 1;
    expect(() => parseStateFile(changed, 'a.jsonl', '1.36'), `changed at ${length}`).toThrow(/a\.jsonl/);
  }
});

test.each([
  ['an empty file', '', 'is not a snapshot of a cluster'],
  ['another text', 'hello\n', 'is not a snapshot of a cluster'],
  ['a snapshot for plans', '{"schemaVersion":1,"kind":"TypeKroSnapshot"}\n', 'a snapshot for plans'],
  ['a later format', signed('{"schemaVersion":2,"kind":"TypeKroClusterState"}'), 'has format 2'],
  ['a format that is a string', signed('{"schemaVersion":"1","kind":"TypeKroClusterState"}'), 'has format "1", but'],
  ['a snapshot of another Kubernetes', signed(HEAD.replace('1.36', '1.99')), 'is a snapshot of Kubernetes 1.99'],
  ['a head without members', signed('{"schemaVersion":1,"kind":"TypeKroClusterState"}'), 'is damaged'],
  ['a head with another number of objects', signed(HEAD), 'is damaged'],
  ['an object without a name', signed(HEAD, lineOf({ ...object('a', '1'), metadata: {} })), 'is damaged'],
  ['an object whose version is not a number', signed(HEAD, lineOf(object('a', 'x'))), 'is damaged'],
  ['an object that is too deep', signed(HEAD, lineOf(object('a', '1', { spec: deep(600) }))), 'is damaged'],
  ['more lines after the checksum', `${TEXT}{}\n`, 'is damaged'],
])('%s is refused', (_what, text, message) => {
  expect(() => parse(text)).toThrow(message);
});

function deep(depth: number): object {
  return depth === 0 ? {} : { a: deep(depth - 1) };
}
