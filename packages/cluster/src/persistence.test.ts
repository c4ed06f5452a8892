import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createManualClock } from './cluster-clock.ts';
import { type Cluster, createEmbeddedCluster } from './cluster.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

const MAPS = '/api/v1/namespaces/default/configmaps';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BIGS = '/apis/example.com/v1/bigs';
const map = (name: string, data = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const ADDRESSES = '/apis/networking.k8s.io/v1/ipaddresses';
const EXTERNAL = { externalName: 'example.com' };
const SERVICES = '/api/v1/namespaces/default/services';
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const crd = crdOf('Big', { properties: { n: { type: 'integer' } } }, { scope: 'Cluster' });
const BIG = '{"apiVersion":"example.com/v1","kind":"Big","metadata":{"name":"b"},"n":9223372036854775807}';

async function call(cluster: Cluster, method: string, path: string, body?: object | string) {
  const reply = await cluster
    .transport()
    .request({
      method,
      path,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  return { status: reply.status, text };
}

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'typekro-state-'))));
const open = (controllers = false) => createEmbeddedCluster({ controllers, stateDirectory: directory });
const names = async (cluster: Cluster, path = MAPS) =>
  (JSON.parse((await call(cluster, 'GET', path)).text) as { items: { metadata: { name: string } }[] }).items.map(
    ({ metadata }) => metadata.name,
  );

const objectOf = async (cluster: Cluster, name: string) => (await call(cluster, 'GET', `${MAPS}/${name}`)).text;

const CHECKSUM = /"crc":"\w+",/g;

const versionsOf = (lines: string): number[] =>
  lines
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { version: number }).version);

describe('a cluster with a state directory', () => {
  test('restores objects, resource versions, CRDs and large integers', async () => {
    const first = await open();
    await call(first, 'POST', CRDS, crd);
    await first.idle();
    await call(first, 'POST', BIGS, BIG);
    await call(first, 'POST', MAPS, map('a'));
    await call(first, 'POST', MAPS, map('b'));
    await call(first, 'DELETE', `${MAPS}/a`);
    const [big, b] = [(await call(first, 'GET', `${BIGS}/b`)).text, (await call(first, 'GET', `${MAPS}/b`)).text];
    await first.close();

    const second = await open();
    expect(await names(second)).toEqual(['b']);
    expect((await call(second, 'GET', `${BIGS}/b`)).text).toBe(big);
    expect(big).toContain('9223372036854775807');
    expect((await call(second, 'GET', `${MAPS}/b`)).text).toBe(b);
    expect((await call(second, 'POST', MAPS, map('c'))).status).toBe(201);
    await second.close();

    const third = await open();
    expect(await names(third)).toEqual(['b', 'c']);
    await third.close();
  });

  test.each([true, false])('keeps created and deleted Services (controllers: %s)', async (controllers) => {
    const first = await open(controllers);
    await call(first, 'POST', SERVICES, service('a'));
    await call(first, 'POST', SERVICES, service('b', { type: 'NodePort' }));
    await first.idle();
    await first.close();
    const second = await open(controllers);
    expect(await names(second, SERVICES)).toEqual(['a', 'b', 'kubernetes']);
    await call(second, 'DELETE', `${SERVICES}/a`);
    await second.idle();
    await second.close();
    const third = await open(controllers);
    expect(await names(third, SERVICES)).toEqual(['b', 'kubernetes']);
    expect(await names(third, ADDRESSES)).toHaveLength(2);
    await third.close();
  });

  test('writes its log in the order of resource versions', async () => {
    const cluster = await open(true);
    for (let round = 0; round < 4; round++) {
      for (const type of ['ClusterIP', 'NodePort', 'ExternalName']) {
        const name = `${type.toLowerCase()}-${round}`;
        await call(cluster, 'POST', SERVICES, service(name, { type, ...EXTERNAL }));
        await call(cluster, 'PUT', `${SERVICES}/${name}`, service(name, { type: 'ClusterIP' }));
        await call(cluster, 'POST', MAPS, map(name));
        await cluster.idle();
        if (round % 2 === 0) await call(cluster, 'DELETE', `${SERVICES}/${name}`);
      }
    }
    await cluster.idle();
    const versions = versionsOf(readFileSync(join(directory, 'log.jsonl'), 'utf8'));
    expect(versions.length).toBeGreaterThan(40);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.length);
    await cluster.close();
  });

  test('keeps the resource version of a compaction, which changes no object', async () => {
    const clock = createManualClock();
    const options = { controllers: false, stateDirectory: directory, clock };
    let version = 0;
    {
      await using cluster = await createEmbeddedCluster(options);
      for (const name of ['a', 'b']) await call(cluster, 'POST', MAPS, map(name));
      const read = async (query: string) =>
        JSON.parse((await call(cluster, 'GET', `${MAPS}?${query}`)).text) as { metadata: Record<string, string> };
      const { metadata } = await read('limit=1');
      clock.advance(300_000);
      expect(await read(`limit=1&continue=${metadata['continue']}`)).toMatchObject({ reason: 'Expired' });
      version = Number((await read('')).metadata['resourceVersion']);
      expect(version).toBe(Number(metadata['resourceVersion']) + 1);
    }
    await using cluster = await createEmbeddedCluster(options);
    const list = JSON.parse((await call(cluster, 'GET', MAPS)).text) as { metadata: { resourceVersion: string } };
    expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(version);
    expect(await names(cluster)).toEqual(['a', 'b']);
  });

  test('reads a log whose lines are not in the order of resource versions', async () => {
    const first = await open();
    for (const name of ['a', 'b', 'c']) await call(first, 'POST', MAPS, map(name));
    await first.close();
    const log = join(directory, 'log.jsonl');
    const text = readFileSync(log, 'utf8').replaceAll(CHECKSUM, '');
    const lines = text.split('\n').filter(Boolean).toReversed();
    writeFileSync(log, `${lines.join('\n')}\n`);
    const second = await open();
    expect(await names(second)).toEqual(['a', 'b', 'c']);
    const version = Number(second.snapshot().resourceVersion);
    expect(version).toBeGreaterThanOrEqual(Math.max(...versionsOf(lines.join('\n'))));
    await second.close();
  });

  test('continues the unfinished work of its controllers', async () => {
    const first = await createEmbeddedCluster({
      stateDirectory: directory,
      controllers: { hold: ['replicaset-controller'] },
    });
    await call(first, 'POST', '/apis/apps/v1/namespaces/default/deployments', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
    await first.idle();
    await first.close();
    const second = await open(true);
    await second.idle();
    const { text } = await call(second, 'GET', '/apis/apps/v1/namespaces/default/deployments/web');
    expect(JSON.parse(text)).toMatchObject({ status: { availableReplicas: 2 } });
    await second.close();
  });

  test('has every acknowledged write after a crash, at many different places where the log is cut off', async () => {
    const first = await open();
    const sizes: number[] = [];
    const log = join(directory, 'log.jsonl');
    for (const name of ['a', 'b', 'c']) {
      await call(first, 'POST', MAPS, map(name, { text: 'ä€😀' }));
      sizes.push(statSync(log).size);
    }
    const whole = readFileSync(log);
    const state = readFileSync(join(directory, 'state.jsonl'));
    await first.close();
    for (let size = 0; size <= whole.length; size += 7) {
      writeFileSync(join(directory, 'state.jsonl'), state);
      writeFileSync(log, whole);
      truncateSync(log, size);
      const cluster = await open();
      const answered = sizes.filter((end) => end <= size).length;
      expect(await names(cluster)).toEqual(['a', 'b', 'c'].slice(0, answered));
      await cluster.close();
    }
  });

  test('ignores a log that is already merged, after a crash between the replacement of the state file and the clearing of the log', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await call(first, 'DELETE', `${MAPS}/a`);
    await call(first, 'POST', MAPS, map('b'));
    const log = readFileSync(join(directory, 'log.jsonl'));
    await first.close();
    await (await open()).close();
    writeFileSync(join(directory, 'log.jsonl'), log);
    writeFileSync(join(directory, 'state.jsonl.new'), '{"half');
    const again = await open();
    expect(await names(again)).toEqual(['b']);
    expect(existsSync(join(directory, 'state.jsonl.new'))).toBe(false);
    await again.close();
  });

  test('appends to its log after a start, and drops an incomplete last line', async () => {
    const [state, log] = [join(directory, 'state.jsonl'), join(directory, 'log.jsonl')];
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await first.close();
    const [before, complete] = [readFileSync(state, 'utf8'), readFileSync(log, 'utf8')];
    for (const name of ['b', 'c']) {
      appendFileSync(log, '{"version":');
      const again = await open();
      await call(again, 'POST', MAPS, map(name));
      await again.close();
    }
    expect(readFileSync(state, 'utf8')).toBe(before);
    expect(readFileSync(log, 'utf8').startsWith(complete)).toBe(true);
    const last = await open();
    expect((await names(last)).filter((name) => name.length === 1)).toEqual(['a', 'b', 'c']);
    await last.close();
  });

  test('merges a long log into the state', async () => {
    const cluster = await open();
    const text = 'x'.repeat(500_000);
    await call(cluster, 'POST', MAPS, map('a'));
    for (let index = 0; index < 20; index++)
      await call(cluster, 'PUT', `${MAPS}/a`, map('a', { text, index: String(index) }));
    expect(statSync(join(directory, 'log.jsonl')).size).toBeLessThan(5 * 1024 * 1024);
    expect(statSync(join(directory, 'state.jsonl')).size).toBeGreaterThan(text.length);
    await cluster.close();
    const again = await open();
    expect((await call(again, 'GET', `${MAPS}/a`)).text).toContain('"index":"19"');
    await again.close();
  });

  test('keeps a restored snapshot', async () => {
    const first = await open();
    const empty = first.snapshot();
    await call(first, 'POST', MAPS, map('a'));
    first.restore(empty);
    await call(first, 'POST', MAPS, map('b'));
    await first.close();
    const second = await open();
    expect(await names(second)).toEqual(['b']);
    await second.close();
  });

  test('keeps its objects when a snapshot is malformed', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    const snapshot = first.snapshot();
    const malformed = [{ group: '', plural: 'configmaps', items: [{ kind: 'ConfigMap' }] }];
    const broken = { ...snapshot, collections: malformed } as unknown as typeof snapshot;
    expect(() => first.restore(broken)).toThrow(TypeError);
    expect(await names(first)).toEqual(['a']);
    await first.close();
    const second = await open();
    expect(await names(second)).toEqual(['a']);
    await second.close();
  });

  test('does not change its files when a snapshot is restored after the cluster is closed', async () => {
    const first = await open();
    const empty = first.snapshot();
    await call(first, 'POST', MAPS, map('a'));
    await first.close();
    first.restore(empty);
    expect(await names(first)).toEqual([]);
    const second = await open();
    expect(await names(second)).toEqual(['a']);
    await second.close();
  });

  test('keeps a restored snapshot when another program has removed the directory', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    const snapshot = first.snapshot();
    await call(first, 'POST', MAPS, map('b'));
    rmSync(directory, { recursive: true });
    first.restore(snapshot);
    await call(first, 'POST', MAPS, map('c'));
    await first.close();
    const second = await open();
    expect(await names(second)).toEqual(['a', 'c']);
    await second.close();
  });

  test('stores nothing more after another cluster has continued with the directory', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await using second = await open();
    const snapshot = first.snapshot();
    const refused = await call(first, 'POST', MAPS, map('lost'));
    expect([refused.status, refused.text]).toEqual([500, expect.stringContaining('another process has taken over')]);
    expect(() => first.restore(snapshot)).toThrow('another process has taken over');
    expect((await call(second, 'POST', MAPS, map('b'))).status).toBe(201);
    expect((await call(first, 'POST', MAPS, map('lost'))).status).toBe(500);
    await first.close();
    await second.close();
    await using third = await open();
    expect(await names(third)).toEqual(['a', 'b']);
  });

  const stateLines = () => readFileSync(join(directory, 'state.jsonl'), 'utf8').trimEnd().split('\n');
  test.each([
    ['is empty', () => writeFileSync(join(directory, 'state.jsonl'), ''), 'state.jsonl has no first line'],
    ['is missing', () => rmSync(join(directory, 'state.jsonl')), 'state.jsonl is missing next to'],
    [
      'has no line before the objects',
      () => writeFileSync(join(directory, 'state.jsonl'), `${stateLines().slice(1).join('\n')}\n`),
      'state.jsonl is damaged, or lines before it are missing',
    ],
    [
      'lacks objects',
      () => writeFileSync(join(directory, 'state.jsonl'), `${stateLines().slice(0, -2).join('\n')}\n`),
      'objects, and its first line says',
    ],
  ])('refuses a state file that %s, and changes no file', async (_, change, message) => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await first.close();
    change();
    const log = readFileSync(join(directory, 'log.jsonl'), 'utf8');
    await expect(open()).rejects.toMatchObject({
      code: 'cluster/state-unreadable',
      message: expect.stringContaining(message) as unknown,
      remedy: expect.stringContaining('restore the file') as unknown,
    });
    expect(readFileSync(join(directory, 'log.jsonl'), 'utf8')).toBe(log);
  });

  test.each(['state.jsonl', 'log.jsonl'])(
    'never reads another object from %s when one bit of its line has changed',
    async (file) => {
      const first = await open();
      await call(first, 'POST', MAPS, map('a', { text: 'äöü', number: '9007199254740993' }));
      if (file === 'state.jsonl') first.restore(first.snapshot());
      const before = await objectOf(first, 'a');
      await first.close();
      const files = ['state.jsonl', 'log.jsonl'].map((name) => join(directory, name));
      const contents = files.map((path) => readFileSync(path));
      const content = readFileSync(join(directory, file));
      const start = content.lastIndexOf('\n', content.indexOf('9007199254740993')) + 1;
      for (let at = start; at < content.indexOf('\n', start); at += 3) {
        for (const [index, path] of files.entries()) writeFileSync(path, contents[index] ?? '');
        const damaged = Buffer.from(content);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
        writeFileSync(join(directory, file), damaged);
        const opened = await open().catch((thrown: unknown) => thrown as Error);
        if (opened instanceof Error) {
          expect(opened).toMatchObject({ code: 'cluster/state-unreadable' });
          continue;
        }
        // A changed bit in the name of the checksum leaves the other members of the line as they are.
        expect(await objectOf(opened, 'a')).toBe(before);
        await opened.close();
      }
    },
  );

  test('reads the lines of an earlier release, which have no checksum', async () => {
    const first = await open();
    await call(first, 'POST', MAPS, map('a'));
    await first.close();
    for (const file of ['state.jsonl', 'log.jsonl']) {
      const path = join(directory, file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(CHECKSUM, ''));
    }
    const second = await open();
    expect(await names(second)).toEqual(['a']);
    await second.close();
  });

  test.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    ['a line less', (lines) => [...lines.slice(0, -2), ...lines.slice(-1)], 'lines before it are missing'],
    ['two lines in another order', ([first = '', second = '', ...rest]) => [second, first, ...rest], 'line 1 of'],
    ['a line twice', (lines) => [...lines.slice(0, 2), ...lines.slice(1)], 'line 3 of'],
    ['no file', () => [], 'log.jsonl is missing next to'],
  ])('refuses a log with %s, and changes no file', async (_, change, message) => {
    const first = await open();
    for (const name of ['a', 'b', 'c', 'd']) await call(first, 'POST', MAPS, map(name));
    await first.close();
    const path = join(directory, 'log.jsonl');
    const changed = change(readFileSync(path, 'utf8').trimEnd().split('\n'));
    if (changed.length === 0) rmSync(path);
    else writeFileSync(path, `${changed.join('\n')}\n`);
    const state = readFileSync(join(directory, 'state.jsonl'));
    await expect(open()).rejects.toMatchObject({
      code: 'cluster/state-unreadable',
      message: expect.stringContaining(message) as unknown,
    });
    expect(readFileSync(join(directory, 'state.jsonl'))).toEqual(state);
    expect(existsSync(path)).toBe(changed.length > 0);
  });

  test('starts again after a first start that ended before it wrote the state', async () => {
    writeFileSync(join(directory, 'log.jsonl'), '');
    const cluster = await open();
    await call(cluster, 'POST', MAPS, map('a'));
    await cluster.close();
    const again = await open();
    expect(await names(again)).toEqual(['a']);
    await again.close();
  });

  test.skipIf(process.platform === 'win32').each([
    ['state.jsonl', undefined, 'a symbolic link'],
    ['log.jsonl', undefined, 'a symbolic link'],
    ['log.jsonl', '', 'a symbolic link'],
    ['log.jsonl', 'API_TOKEN=abcdef', 'a symbolic link'],
    ['log.jsonl', '|', 'a folder, a device or a pipe'],
  ])('writes nothing through a %s that is no file: %j', async (name, content, what) => {
    for (const isNew of [true, false]) {
      if (!isNew) await (await open()).close();
      const [path, target] = [join(directory, name), join(directory, 'outside')];
      rmSync(path, { force: true });
      if (content === '|') execFileSync('mkfifo', [path]);
      else symlinkSync(target, path);
      if (content !== undefined) writeFileSync(target, content);
      await expect(open()).rejects.toThrow(`${path} is a${what.slice(1)}, not a file`);
      expect(existsSync(target) ? readFileSync(target, 'utf8') : undefined).toBe(content);
      rmSync(path);
    }
  });

  test.each([
    ['state.jsonl', 'not JSON\n', 'line 1 of'],
    ['log.jsonl', 'nonsense\n{"version":9999}\n', 'line 1 of'],
    ['log.jsonl', '{"version":9999}\n{}\n', 'line 2 of'],
    ['log.jsonl', '{"version":9999,"group":"","plural":"configmaps","key":"default/a","object":[]}\n', 'line 1 of'],
    ['state.jsonl', '{"version":1,"objects":1}\n{"group":"","plural":"configmaps"}\n', 'line 2 of'],
  ])('refuses an invalid %s', async (file, content, message) => {
    await (await open()).close();
    if (file === 'log.jsonl') appendFileSync(join(directory, file), content);
    else writeFileSync(join(directory, file), content);
    await expect(open()).rejects.toThrow(message);
  });
});
