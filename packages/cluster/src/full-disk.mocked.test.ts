import type * as Fs from 'node:fs';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sendJson } from '../test-support/send-json.ts';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

/** The simulated disk: the number of bytes that still fit, and the error of a write that does not fit. */
const disk = vi.hoisted(() => ({
  room: Number.POSITIVE_INFINITY,
  code: 'ENOSPC',
  text: 'no space left on device',
  /** If true, no log file can be opened. */
  opensNoLog: false,
  /** If true, no new state file can be opened, because the process has too many open files. */
  opensNoState: false,
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  return {
    ...fs,
    openSync(path: string, ...rest: [Fs.OpenMode, Fs.Mode?]) {
      if (disk.opensNoLog && path.endsWith('log.jsonl')) throw new Error('EMFILE: too many open files, open');
      if (disk.opensNoState && path.endsWith('state.jsonl.new'))
        throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
      return fs.openSync(path, ...rest);
    },
    writeSync(file: number, bytes: Uint8Array, offset = 0) {
      const length = Math.min(bytes.length - offset, disk.room);
      if (length === 0) throw Object.assign(new Error(`${disk.code}: ${disk.text}, write`), { code: disk.code });
      disk.room -= length;
      return fs.writeSync(file, bytes, offset, length);
    },
  };
});

const MAPS = '/api/v1/namespaces/default/configmaps';
const SERVICES = '/api/v1/namespaces/default/services';
const ADDRESSES = '/apis/networking.k8s.io/v1/ipaddresses';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const map = (name: string, data = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const service = (name: string, clusterIP = '10.96.7.7') => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { clusterIP, ports: [{ port: 80 }] },
});

async function call(cluster: Cluster, method: string, path: string, body?: object) {
  const { status: code, body: answer } = await sendJson(cluster, method, path, { body });
  return { code, body: answer };
}

let directory = '';
let printed: unknown[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-disk-'));
  printed = [];
  vi.spyOn(console, 'error').mockImplementation((...values: unknown[]) => void printed.push(...values));
});
afterEach(() => {
  Object.assign(disk, {
    room: Number.POSITIVE_INFINITY,
    code: 'ENOSPC',
    text: 'no space left on device',
    opensNoLog: false,
    opensNoState: false,
  });
  vi.restoreAllMocks();
});
const open = (controllers = false) => createEmbeddedCluster({ controllers, stateDirectory: directory });
const names = async (cluster: Cluster, path = MAPS) => {
  const { items } = (await call(cluster, 'GET', path)).body as { items?: { metadata: { name: string } }[] };
  return items?.map(({ metadata }) => metadata.name);
};

describe('a cluster whose disk is full', () => {
  test.each([
    ['ENOSPC', 'no space left on device', 'etcdserver: mvcc: database space exceeded: '],
    ['EDQUOT', 'disk quota exceeded', 'etcdserver: mvcc: database space exceeded: '],
    ['EIO', 'i/o error', ''],
    ['EROFS', 'read-only file system', ''],
  ])(
    'refuses writes with %s, serves reads, and accepts writes again as soon as the disk has room',
    async (code, text, known) => {
      Object.assign(disk, { code, text });
      const cluster = await open();
      await call(cluster, 'POST', MAPS, map('a'));
      const before = (await call(cluster, 'GET', MAPS)).body;
      const watch = await cluster.transport().request({ method: 'GET', path: `${MAPS}?watch=1`, headers: {} });
      const events = watch.body[Symbol.asyncIterator]();
      await events.next();
      // Only a part of the next log line fits.
      disk.room = 50;
      for (const [method, path, body] of [
        ['POST', MAPS, map('b')],
        ['PUT', `${MAPS}/a`, map('a', { k: 'v' })],
        ['DELETE', `${MAPS}/a`, undefined],
      ] as const) {
        const { code: status, body: answer } = await call(cluster, method, path, body);
        expect([status, answer['reason']]).toEqual([500, undefined]);
        expect(answer['message']).toContain(`${known}the change cannot be stored in ${join(directory, 'log.jsonl')}`);
        expect(answer['message']).toContain(text);
      }
      expect((await call(cluster, 'GET', MAPS)).body).toEqual(before);
      expect(cluster.stateProblem).toContain(text);
      expect(printed).toHaveLength(1);
      disk.room = Number.POSITIVE_INFINITY;
      expect((await call(cluster, 'POST', MAPS, map('c'))).code).toBe(201);
      expect(Buffer.from((await events.next()).value as Uint8Array).toString()).toContain('"name":"c"');
      expect(cluster.stateProblem).toBeUndefined();
      const served = (await call(cluster, 'GET', MAPS)).body;
      await events.return?.();
      await cluster.close();
      await using again = await open();
      expect(await names(again)).toEqual(['a', 'c']);
      expect((await call(again, 'GET', MAPS)).body['items']).toEqual(served['items']);
    },
  );

  test('serves the same objects after a restart, among them each acknowledged write, whatever amount of room was left', async () => {
    for (let room = 0; room < 3000; room += 390) {
      const cluster = await open(true);
      await cluster.idle();
      disk.room = room;
      const answered = [];
      for (const name of ['x', 'y', 'z'])
        if ((await call(cluster, 'POST', MAPS, map(`${name}-${room}`))).code === 201) answered.push(`${name}-${room}`);
      const served = await names(cluster);
      disk.room = Number.POSITIVE_INFINITY;
      expect(served).toEqual(expect.arrayContaining(answered));
      await cluster.close();
      await using again = await open();
      expect(await names(again)).toEqual(served);
    }
  });

  test('releases the addresses of a refused Service, and can create it later', async () => {
    await using cluster = await open(true);
    await cluster.idle();
    disk.room = 0;
    expect((await call(cluster, 'POST', SERVICES, service('web'))).code).toBe(500);
    disk.room = Number.POSITIVE_INFINITY;
    expect((await call(cluster, 'POST', SERVICES, service('web'))).code).toBe(201);
    expect(await names(cluster, ADDRESSES)).toContain('10.96.7.7');
  });

  test('later creates the dependent objects that it could not store at first', async () => {
    await using cluster = await open(true);
    await call(cluster, 'POST', MAPS, map('a'));
    await cluster.idle();
    // The Service fits on the disk, but its IPAddress does not.
    const size = JSON.stringify(await call(cluster, 'POST', `${SERVICES}?dryRun=All`, service('web'))).length;
    disk.room = size + 300;
    expect((await call(cluster, 'POST', SERVICES, service('web'))).code).toBe(201);
    disk.room = 0;
    expect(await names(cluster, ADDRESSES)).not.toContain('10.96.7.7');
    disk.room = Number.POSITIVE_INFINITY;
    const crd = crdOf('Big', {}, { scope: 'Cluster' });
    const line = JSON.stringify((await call(cluster, 'POST', `${CRDS}?dryRun=All`, crd)).body).length;
    disk.room = line + 170;
    expect((await call(cluster, 'POST', CRDS, crd)).code).toBe(201);
    await cluster.idle();
    disk.room = Number.POSITIVE_INFINITY;
    expect((await call(cluster, 'POST', MAPS, map('b'))).code).toBe(201);
    await cluster.idle();
    expect(await names(cluster, ADDRESSES)).toContain('10.96.7.7');
    expect((await call(cluster, 'GET', '/apis/example.com/v1/bigs')).code).toBe(200);
  });

  test('keeps its objects when the restore of a snapshot cannot be stored', async () => {
    const cluster = await open();
    const empty = cluster.snapshot();
    await call(cluster, 'POST', MAPS, map('a'));
    disk.room = 100;
    expect(() => cluster.restore(empty)).toThrow('database space exceeded');
    expect(await names(cluster)).toEqual(['a']);
    disk.room = Number.POSITIVE_INFINITY;
    await call(cluster, 'POST', MAPS, map('b'));
    await cluster.close();
    await using again = await open();
    expect(await names(again)).toEqual(['a', 'b']);
  });

  const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  test.each([true, false])(
    'starts with its stored objects, and serves reads (controllers: %s)',
    async (controllers) => {
      const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
      const settings = async (cluster: Cluster) => (await call(cluster, 'GET', path)).body['data'];
      const first = await open(controllers);
      await call(first, 'POST', MAPS, map('a'));
      await call(first, 'DELETE', `${ROLES}/edit`);
      await first.idle();
      const before = await settings(first);
      await first.close();
      disk.room = 0;
      await using second = await open(controllers);
      expect([await names(second), await settings(second)]).toEqual([expect.arrayContaining(['a']), before]);
      expect(second.stateProblem).toContain('no space left');
      expect((await call(second, 'POST', MAPS, map('b'))).code).toBe(500);
      disk.room = Number.POSITIVE_INFINITY;
      expect((await call(second, 'POST', MAPS, map('c'))).code).toBe(201);
      // The settings contain the CA of the process, so the first successful write of the second process changes them.
      expect(await settings(second)).not.toEqual(before);
    },
  );

  test('starts with the objects of an earlier release', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await first.close();
    const state = join(directory, 'state.jsonl');
    const earlier = readFileSync(state, 'utf8').replace(/"kubernetes":"[^"]*"/, '"kubernetes":"v1.0.0"');
    writeFileSync(state, earlier.replaceAll(/"crc":"\w+",/g, ''));
    disk.room = 0;
    const second = await open();
    expect(await names(second)).toEqual(['a']);
    disk.room = Number.POSITIVE_INFINITY;
    await call(second, 'POST', MAPS, map('b'));
    await second.close();
    await using third = await open();
    expect(await names(third)).toEqual(['a', 'b']);
  });

  test('restores a snapshot whose dependent objects cannot be stored, and creates these objects later', async () => {
    await using cluster = await open(true);
    await call(cluster, 'POST', SERVICES, service('web'));
    await cluster.idle();
    const { collections, ...rest } = cluster.snapshot();
    const missing = ['ipaddresses', 'flowschemas'];
    const snapshot = { ...rest, collections: collections.filter(({ plural }) => !missing.includes(plural)) };
    cluster.restore(snapshot);
    await cluster.idle();
    // The state fits on the disk, but no later change does.
    disk.room = readFileSync(join(directory, 'state.jsonl')).length;
    cluster.restore(snapshot);
    await cluster.idle();
    expect([await names(cluster, SERVICES), await names(cluster, ADDRESSES)]).toEqual([['kubernetes', 'web'], []]);
    disk.room = Number.POSITIVE_INFINITY;
    expect((await call(cluster, 'POST', MAPS, map('a'))).code).toBe(201);
    await cluster.idle();
    expect(await names(cluster, ADDRESSES)).toContain('10.96.7.7');
    expect(await names(cluster, '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas')).toContain('system-nodes');
  });

  test('keeps all changes in the log when a new state file does not fit', async () => {
    const cluster = await open();
    await call(cluster, 'POST', MAPS, map('a'));
    const text = 'x'.repeat(900_000);
    for (let index = 0; index < 5; index++)
      await call(cluster, 'PUT', `${MAPS}/a`, map('a', { text: `${text}${index}` }));
    disk.room = 100;
    expect((await call(cluster, 'POST', MAPS, map('b'))).code).toBe(500);
    disk.room = 1500;
    expect((await call(cluster, 'POST', MAPS, map('c'))).code).toBe(201);
    disk.room = Number.POSITIVE_INFINITY;
    await cluster.close();
    await using again = await open();
    expect(await names(again)).toEqual(['a', 'c']);
  });
});

test('a log that cannot be merged for want of open files is reported once, with its own remedy', async () => {
  await using cluster = await open();
  disk.opensNoState = true;
  const text = 'x'.repeat(900_000);
  for (let index = 0; index < 12; index++) {
    const path = index === 0 ? MAPS : `${MAPS}/a`;
    const answer = await call(cluster, index === 0 ? 'POST' : 'PUT', path, map('a', { text: `${text}${index}` }));
    expect(answer.code).toBe(index === 0 ? 201 : 200);
  }
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatchObject({ code: 'cluster/state-not-merged', remedy: expect.stringContaining('ulimit -n') });
});

test.each([false, true])(
  'no acknowledged write is lost when the log is merged into the state file and no log can be opened (log replaced: %s)',
  async (replaced) => {
    const cluster = await open();
    const text = 'x'.repeat(900_000);
    await call(cluster, 'POST', MAPS, map('a'));
    for (let index = 0; index < 5; index++)
      await call(cluster, 'PUT', `${MAPS}/a`, map('a', { text: `${text}${index}` }));
    disk.opensNoLog = true;
    const log = join(directory, 'log.jsonl');
    if (replaced) {
      renameSync(log, `${log}.old`);
      writeFileSync(log, readFileSync(`${log}.old`));
    }
    const codes = [];
    for (const name of ['b', 'c']) codes.push((await call(cluster, 'POST', MAPS, map(name))).code);
    expect(codes).toEqual(replaced ? [500, 500] : [201, 201]);
    const served = await names(cluster);
    disk.opensNoLog = false;
    await cluster.close();
    await using again = await open();
    expect(await names(again)).toEqual(served);
  },
);

describe('a cluster whose files are changed by another program', () => {
  const file = (name: string) => join(directory, name);
  test.each([
    ['removes the log', () => rmSync(file('log.jsonl'))],
    ['removes the state', () => rmSync(file('state.jsonl'))],
    ['removes the directory', () => rmSync(directory, { recursive: true })],
    ['empties the log', () => writeFileSync(file('log.jsonl'), '')],
    ['moves the state file to the path of the log', () => renameSync(file('state.jsonl'), file('log.jsonl'))],
    ['appends to the log', () => writeFileSync(file('log.jsonl'), 'nonsense\n', { flag: 'a' })],
    ['rewrites the log', () => writeFileSync(file('log.jsonl'), readFileSync(file('log.jsonl')))],
  ])('keeps all objects when the program %s', async (_, change) => {
    const cluster = await open();
    await call(cluster, 'POST', MAPS, map('a'));
    change();
    await call(cluster, 'POST', MAPS, map('b'));
    await cluster.close();
    await using again = await open();
    expect(await names(again)).toEqual(['a', 'b']);
  });
});
