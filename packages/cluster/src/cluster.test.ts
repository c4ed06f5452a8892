import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import type { ClusterOptions, StandIn, Transport } from './index.ts';
import { KubeClient } from '@typekro/kube';
import { createEmbeddedCluster, createManualClock } from './index.ts';
import { Work } from './work.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

async function call(transport: Transport, method: string, path: string, body?: unknown, type = 'application/json') {
  const response = await transport.request({
    method,
    path,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  const json = text.startsWith('{');
  return { status: response.status, body: json ? (JSON.parse(text) as Record<string, never>) : undefined };
}

const MAPS = '/api/v1/namespaces/default/configmaps';
const map = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

test('an in-process watch receives the events of changes that follow its response', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const stop = new AbortController();
  const watch = await transport.request({ method: 'GET', path: `${MAPS}?watch=true`, signal: stop.signal });
  await call(transport, 'POST', MAPS, map('a'));
  await call(transport, 'DELETE', `${MAPS}/a`);
  const types: string[] = [];
  for await (const chunk of watch.body) {
    for (const line of Buffer.from(chunk).toString().trim().split('\n'))
      types.push((JSON.parse(line) as { type: string }).type);
    if (types.length === 2) break;
  }
  expect(types).toEqual(['ADDED', 'DELETED']);
});

test('a slow watch client receives an initial state larger than the backlog limit, and then later events', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const text = 'x'.repeat(900_000);
  const names = Array.from({ length: 50 }, (_, index) => `m${String(index).padStart(2, '0')}`);
  for (const name of names) await call(transport, 'POST', MAPS, map(name, { text }));
  const watch = await transport.request({
    method: 'GET',
    path: `${MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
  });
  await call(transport, 'DELETE', `${MAPS}/m00`);
  const seen: string[] = [];
  let rest = '';
  for await (const chunk of watch.body) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as { type: string; object: { metadata: { name?: string } } };
      seen.push(`${event.type} ${event.object.metadata.name ?? ''}`);
    }
    if (seen.at(-1) === 'DELETED m00') break;
  }
  expect(seen).toEqual([...names.map((name) => `ADDED ${name}`), 'BOOKMARK ', 'DELETED m00']);
});

test('a PUT of an unchanged object that the cluster made at its start changes nothing', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  for (const path of ['/api/v1/namespaces/default', '/api/v1/namespaces/default/services/kubernetes']) {
    const { body } = await call(transport, 'GET', path);
    expect((await call(transport, 'PUT', path, body)).body).toEqual(body);
  }
});

test('the time limit of a watch follows the clock of the cluster', async () => {
  const clock = createManualClock(0);
  await using cluster = await createEmbeddedCluster({ controllers: false, clock });
  const watch = await cluster.transport().request({ method: 'GET', path: `${MAPS}?watch=true&timeoutSeconds=60` });
  clock.advance(60_000);
  const chunks: Uint8Array[] = [];
  for await (const chunk of watch.body) chunks.push(chunk);
  expect(chunks).toEqual([]);
});

test.each([
  ['broken JSON', '{"a":', 400],
  ['a list', '[]', 400],
  ['deep nesting', '['.repeat(200_000), 400],
  ['text', 'hello', 400],
])('the server refuses a body of %s and continues', async (_name, body, status) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  expect((await call(transport, 'POST', MAPS, body)).status).toBe(status);
  expect((await call(transport, 'GET', MAPS)).status).toBe(200);
});

test.each([
  '/api/v1/namespaces/default/configmaps/..%2f..%2fetc',
  '/api/v1/namespaces/%2e%2e/configmaps',
  '/api/v1/%ZZ',
  '/apis/%00/v1/x',
])('the path %s reaches no object', async (path) => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const { status } = await call(cluster.transport(), 'GET', path);
  expect([200, 400, 404]).toContain(status);
  if (status === 200) expect((await call(cluster.transport(), 'GET', path)).body?.['items']).toEqual([]);
});

test('keys that are also properties of Object.prototype are stored as data', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const body =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"__proto__":"x","constructor":"y"}}';
  const created = await call(transport, 'POST', MAPS, body);
  expect(created.status).toBe(201);
  expect(Object.entries(created.body?.['data'] ?? {}).sort((a, b) => (a[0] < b[0] ? -1 : 1))).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});

test('a custom resource keeps integers beyond 2⁵³', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await call(transport, 'POST', crds, crdOf('Big', { properties: { n: { type: 'integer' } } }, { scope: 'Cluster' }));
  await cluster.idle();
  const sent = await transport.request({
    method: 'POST',
    path: '/apis/example.com/v1/bigs',
    headers: { 'content-type': 'application/json' },
    body: '{"apiVersion":"example.com/v1","kind":"Big","metadata":{"name":"b"},"n":9223372036854775807}',
  });
  let text = '';
  for await (const chunk of sent.body) text += Buffer.from(chunk).toString();
  expect(sent.status).toBe(201);
  expect(text).toContain('"n":9223372036854775807');
});

test('a user without rights is refused, and a user with a role is not', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const user = { name: 'alice', groups: ['devs'] };
  expect((await call(cluster.transport(user), 'GET', MAPS)).status).toBe(403);
  await call(cluster.transport(), 'POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'b' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'Group', name: 'devs' }],
  });
  expect((await call(cluster.transport(user), 'GET', MAPS)).status).toBe(200);
  expect((await call(cluster.transport(user), 'POST', MAPS, map('a'))).status).toBe(403);
});

test('closed clusters leave no timers', async () => {
  const clock = createManualClock(0);
  for (let count = 0; count < 50; count++) {
    await using cluster = await createEmbeddedCluster({ clock });
    await call(cluster.transport(), 'POST', MAPS, map('a'));
    const watch = await cluster.transport().request({ method: 'GET', path: `${MAPS}?watch=true` });
    await cluster.idle();
    void watch;
  }
  expect(clock.pending).toBe(0);
});

describe('a failed start releases all opened resources', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'typekro-start-'))));
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const refusedDefinition: StandIn = {
    name: 'refused',
    definitions: () => [{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: {} }],
    kinds: [],
  };
  const unreadable = () => {
    const file = join(folder, 'unreadable');
    mkdirSync(file);
    writeFileSync(join(file, 'state.jsonl'), 'no state\n');
    return file;
  };

  test.each<[string, (state: string) => ClusterOptions]>([
    ['cluster/audit-log', () => ({ audit: { file: join(folder, 'x\0') } })],
    ['cluster/state-unreadable', () => ({ stateDirectory: unreadable() })],
    ['cluster/stand-in-definition', () => ({ standIns: [refusedDefinition] })],
    ['cluster/unknown-controller', () => ({ controllers: { disable: ['unknown'] } })],
  ])('a start that fails with %s', async (code, options) => {
    const clock = createManualClock();
    const stop = vi.spyOn(Work.prototype, 'stop');
    const given = { clock, runProcesses: true, processDirectory: folder, stateDirectory: join(folder, 'state') };
    await expect(createEmbeddedCluster({ ...given, ...options(folder) })).rejects.toMatchObject({ code });
    expect(stop).toHaveBeenCalledTimes(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.pending).toBe(0);
    expect(openFilesIn(folder)).toEqual([]);
  });
});

/** Returns the open files of this process in a folder. Empty on platforms that do not list them. */
function openFilesIn(folder: string): string[] {
  const shown = '/proc/self/fd';
  if (!existsSync(shown)) return [];
  const files = readdirSync(shown).flatMap((name) => {
    const link = join(shown, name);
    // The descriptor of the directory listing itself is already closed.
    return existsSync(link) ? [readlinkSync(link)] : [];
  });
  return files.filter((file) => file.startsWith(folder));
}

test('a repeated apply is computed again after the CustomResourceDefinition of its object has changed', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const definition = (properties: JsonObject) => crdOf('Thing', { properties }, { scope: 'Cluster' });
  const a = { type: 'string' };
  await call(transport, 'POST', crds, definition({ a }));
  await cluster.idle();
  const apply = () =>
    call(
      transport,
      'PATCH',
      '/apis/example.com/v1/things/t?fieldManager=m&fieldValidation=Ignore',
      { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, a: 'x', b: 'y' },
      'application/apply-patch+yaml',
    );
  await apply();
  expect((await apply()).body?.['b']).toBeUndefined();
  expect((await apply()).body?.['b']).toBeUndefined();
  const patch = definition({ a, b: a });
  await call(transport, 'PATCH', `${crds}/things.example.com`, patch, 'application/merge-patch+json');
  await cluster.idle();
  expect((await apply()).body).toMatchObject({ a: 'x', b: 'y' });
});

test('a request on a closed transport fails immediately, without a retry', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  const transport = cluster.transport();
  // The test never advances this clock, so a client that waits before a retry would wait forever.
  const client = new KubeClient({ transport, clock: createManualClock(0) });
  await transport.close();
  await expect(client.get({ apiVersion: 'v1', kind: 'Node', name: 'a' })).rejects.toMatchObject({
    reason: 'Closed',
    message: 'the transport is closed',
    remedy: expect.stringContaining('await running calls') as unknown,
  });
});
