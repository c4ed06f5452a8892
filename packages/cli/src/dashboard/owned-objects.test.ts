import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type WatchEvent, KubeError } from '@typekro/kube';
import { pastOf, treeLines } from '@typekro/app/instance';
import { mainValue, ownedObjects, withOwnedObjects } from './owned-objects.ts';
import { watchFailure, watchKind } from './watched-kind.ts';

const object = (kind: string, more: JsonObject = {}, name = 'a'): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'b' },
  ...more,
});

test.each<[string, KubeObject, string | undefined]>([
  ['replicas', object('Deployment', { spec: { replicas: 3 }, status: { readyReplicas: 2 } }), '2/3'],
  ['replicas without a status', object('StatefulSet', { spec: { replicas: 0 } }), '0/0'],
  ['the nodes of a DaemonSet', object('DaemonSet', { status: { desiredNumberScheduled: 2, numberReady: 1 } }), '1/2'],
  ['completions', object('Job', { spec: { completions: 5 }, status: { succeeded: 4 } }), '4/5'],
  ['the address of a Service', object('Service', { spec: { clusterIP: '10.0.0.1' } }), '10.0.0.1'],
  ['nothing of a headless Service', object('Service', { spec: { clusterIP: 'None' } }), undefined],
  [
    'the address of a load balancer',
    object('Service', {
      spec: { clusterIP: '10.0.0.1' },
      status: { loadBalancer: { ingress: [{ hostname: 'x.y' }] } },
    }),
    'x.y',
  ],
  ['a phase', object('PersistentVolumeClaim', { status: { phase: 'Bound' } }), 'Bound'],
  ['nothing of a ConfigMap', object('ConfigMap'), undefined],
])('the main value of an object is %s', (_title, given, value) => {
  expect(mainValue(given, () => false)).toBe(value);
});

test('a main value that can come from a Secret is not shown', () => {
  for (const spec of [{ replicas: 3 }, { clusterIP: '10.0.0.1' }])
    expect(mainValue(object('Any', { spec }), () => true)).toBeUndefined();
});

const pod = (name: string, restartCount: number, ready = false): KubeObject => {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  const containerStatuses = ['side', 'main'].map((each) => ({
    name: each,
    restartCount: each === 'main' ? restartCount : 0,
  }));
  return object('Pod', { status: { phase: 'Running', conditions, containerStatuses } }, name);
};

test('the owned objects have states and restarts, and the last log line of at most three pods that need it', async () => {
  const paths: string[] = [];
  const api = {
    raw({ path }: { readonly path: string }) {
      paths.push(path);
      if (path.includes('/p1/')) return Promise.reject(new KubeError('no', { status: 400, reason: 'BadRequest' }));
      return Promise.resolve({ status: 200, headers: {}, text: 'it failed\n' });
    },
  };
  const family = [pod('p0', 0, true), pod('p1', 2), pod('p2', 3, true), pod('p3', 0), pod('p4', 1)];
  const owned = await ownedObjects(api, family, new AbortController().signal);
  expect(owned.map(({ object: { name }, state, restarts, log }) => [name, state, restarts, log])).toEqual([
    ['p0', 'ready', undefined, undefined],
    ['p1', 'waiting', 2, undefined],
    ['p2', 'ready', 3, 'it failed'],
    ['p3', 'waiting', undefined, 'it failed'],
    ['p4', 'waiting', 1, undefined],
  ]);
  expect(paths[0]).toContain('container=main');
  expect(paths).toHaveLength(3);
});

const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'b' };
const observation = {
  instance: object('Shop'),
  decision: {
    nodes: [
      {
        id: 'web',
        state: 'waiting',
        because: { kind: 'not-ready-by-kind', object: owner, reason: 'Unavailable', message: '1 of 2' },
        objects: [{ object: owner, state: 'present' }],
      },
      {
        id: 'db',
        state: 'ready',
        because: { kind: 'ready' },
        objects: [{ object: { ...owner, name: 'db' }, state: 'present' }],
      },
    ],
  },
  notes: [],
  problems: [],
  revision: 0,
} as never;

test.each<[string, () => Promise<KubeObject>, string[]]>([
  [
    'those that are not ready come first',
    () =>
      Promise.resolve({
        ...object('Deployment'),
        apiVersion: 'apps/v1',
        metadata: { name: 'web', namespace: 'b', uid: 'u' },
      }),
    [
      '├─ … web  Deployment b/web  waiting: waits for Deployment apps/v1 b/web: 1 of 2',
      '│     … Pod bad Running, 2 restarts, condition Ready is False, oh',
      '│     ✓ Pod good Running',
      '└─ ✓ db   Deployment b/db   ready: is as wanted and ready',
    ],
  ],
  [
    'a missing right is a note',
    () => Promise.reject(new KubeError('pods is forbidden', { status: 403, reason: 'Forbidden' })),
    [
      'note: owned objects are not shown: pods is forbidden',
      '├─ … web  Deployment b/web  waiting: waits for Deployment apps/v1 b/web: 1 of 2',
      '└─ ✓ db   Deployment b/db   ready: is as wanted and ready',
    ],
  ],
])('the tree has the owned objects below their node: %s', async (_what, find, lines) => {
  const pods = [pod('good', 0, true), pod('bad', 2)].map((each) => ({
    ...each,
    metadata: { ...each.metadata, ownerReferences: [{ uid: 'u', controller: true, kind: 'Deployment', name: 'web' }] },
  }));
  const list = async ({ kind }: { readonly kind: string }) => ({ items: kind === 'Pod' ? pods : [] });
  const api = { find, list, raw: async () => ({ text: 'oh' }) } as never;
  const seen = await withOwnedObjects(api, observation, new AbortController().signal);
  expect(treeLines(seen, 0, false).slice(1)).toEqual(lines);
});

const time = (minute: number): string => `2026-01-01T00:0${minute}:00Z`;
const instance = (ready: string, at = time(5)): KubeObject =>
  object('Shop', { status: { conditions: [{ type: 'Ready', status: ready, lastTransitionTime: at }] } });
const made = (minute: number): KubeObject => {
  const known = instance('False');
  return { ...known, metadata: { ...known.metadata, creationTimestamp: time(minute) } };
};
const changed = (manager: string, minute: number, more: JsonObject = {}): KubeObject => {
  const managedFields = [{ manager, operation: 'Update', time: time(minute), ...more }];
  return { ...object('ConfigMap', {}, manager), metadata: { name: manager, managedFields } };
};

test.each<[string, KubeObject, readonly KubeObject[], object | undefined]>([
  ['a ready instance', instance('True'), [changed('jane', 4)], undefined],
  ['an instance without a status', object('Shop'), [changed('jane', 4)], undefined],
  ['no change', instance('False'), [], { since: time(5) }],
  ['two changes', instance('False'), [changed('jane', 3), changed('bob', 4)], { after: { manager: 'bob' } }],
  ['a change at once', instance('False'), [changed('jane', 5)], { after: { manager: 'jane', time: time(5) } }],
  ['a later change', instance('Unknown'), [changed('jane', 6), changed('bob', 1)], { after: { manager: 'bob' } }],
  ['a status', instance('False'), [changed('jane', 4, { subresource: 'status' })], { since: time(5) }],
  ['a change at the creation', made(4), [changed('jane', 4), changed('bob', 3)], { since: time(5) }],
  ['a change after the creation', made(3), [changed('jane', 4)], { after: { manager: 'jane' } }],
  ['own changes', instance('False'), [changed('kro.run/applyset', 4), changed('kro-x', 4)], { since: time(5) }],
])('the past with %s', (_title, given, objects, past) => {
  const found = pastOf(given, objects);
  if (past === undefined || !('after' in past)) expect(found).toEqual(past);
  else expect(found).toMatchObject(past);
});

const map = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
});
const added = (name: string): WatchEvent => ({ type: 'ADDED', object: map(name) });
const MODIFIED: WatchEvent = { type: 'MODIFIED', object: map('a') };
const DELETED: WatchEvent = { type: 'DELETED', object: map('a') };
const RESTARTED: WatchEvent = { type: 'RESTARTED' };
const SYNCED: WatchEvent = { type: 'SYNCED', resourceVersion: '9' };
const BOOKMARK: WatchEvent = { type: 'BOOKMARK', resourceVersion: '10' };
const errorOf = (status: number): KubeError => new KubeError(`status ${status}`, { status, reason: 'x' });
const failed = (status: number): WatchEvent => ({ type: 'ERROR', error: errorOf(status), retryAfterMs: 1 });

/** The reports of a watch with these events, and its state after them. */
async function reportsOf(events: readonly WatchEvent[], known: readonly string[] = []) {
  const reports: string[] = [];
  let failure: string | undefined;
  const api = {
    async *watch() {
      yield* events;
    },
  };
  await watchKind(
    api,
    { apiVersion: 'v1', kind: 'ConfigMap' },
    {
      changed: ({ metadata }, isFirst) => reports.push(`${isFirst ? 'listed' : 'changed'} ${metadata.name}`),
      removed: (key) => reports.push(`removed ${key.slice(8)}`),
      failed: (error) => (failure = error?.message),
    },
    () => reports.push('started'),
    new AbortController().signal,
    { known },
  );
  return { reports, failure };
}

test.each<[string, readonly WatchEvent[], string | undefined]>([
  ['an error', [added('a'), SYNCED, failed(0)], 'status 0'],
  ['a change after an error', [added('a'), SYNCED, failed(0), MODIFIED], undefined],
  ['a deletion after an error', [added('a'), SYNCED, failed(0), DELETED], undefined],
  ['a bookmark after an error', [added('a'), SYNCED, failed(0), BOOKMARK], undefined],
  ['a list after an error', [failed(403), RESTARTED, SYNCED], undefined],
  // With a streamed list, RESTARTED comes before the response of the server. Each attempt to list a forbidden kind
  // therefore causes this event.
  ['the start of a list after an error', [failed(403), RESTARTED], 'status 403'],
])('the reported failure of the watch after %s', async (_title, events, expected) => {
  expect((await reportsOf(events)).failure).toBe(expected);
});

test.each<[string, readonly WatchEvent[], readonly string[], readonly string[]]>([
  ['a first list and a change', [added('a'), SYNCED, MODIFIED], [], ['listed a', 'started', 'changed a']],
  [
    'a first list after a failed list',
    [failed(429), RESTARTED, added('a'), added('b'), SYNCED, MODIFIED],
    [],
    ['started', 'listed a', 'listed b', 'changed a'],
  ],
  [
    'a later list',
    [added('a'), added('b'), SYNCED, failed(410), RESTARTED, added('b'), SYNCED],
    [],
    ['listed a', 'listed b', 'started', 'changed b', 'removed a'],
  ],
  ['a first list that lacks a known object', [added('a'), SYNCED], ['default/b'], ['listed a', 'removed b', 'started']],
  [
    'a first list that lacks a known object, after a failed list',
    [failed(429), RESTARTED, SYNCED],
    ['default/b'],
    ['started', 'removed b'],
  ],
  ['the deletion of a known object', [DELETED, SYNCED], ['default/a'], ['removed a', 'started']],
  ['a watch that ends without a list', [], ['default/a'], ['started']],
])('the reports of %s', async (_title, events, known, expected) => {
  expect((await reportsOf(events, known)).reports).toEqual(expected);
});

test('the message about missing rights does not name the account of the process', () => {
  const error = new KubeError('pods is forbidden: User "system:serviceaccount:ops:typekro" cannot watch', {
    status: 403,
    reason: 'Forbidden',
  });
  expect(watchFailure(error)).toBe('this server may not list and watch them');
  expect(watchFailure(errorOf(500))).toBe('status 500');
});
