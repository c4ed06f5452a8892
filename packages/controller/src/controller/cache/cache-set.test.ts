import { describe, expect, it, vi } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Graph, GraphNode } from '@typekro/engine/graph';
import { type WatchEvent, KubeError } from '@typekro/kube';
import type { Decisions, ObjectType } from '@typekro/engine/runtime';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import { CacheSet } from './cache-set.ts';
import { scriptedApi } from '@typekro/kube/test-support/scripted-api';

const type: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const PART_OF = 'applyset.kubernetes.io/part-of';

function map(
  name: string,
  version: string,
  extra: { uid?: string; labels?: Record<string, string>; data?: Record<string, string> } = {},
): KubeObject {
  const { uid = `uid-${name}`, labels, data = {} } = extra;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n', uid, resourceVersion: version, ...(labels === undefined ? {} : { labels }) },
    data,
  };
}
const added = (object: KubeObject): WatchEvent => ({ type: 'ADDED', object });
const changed = (object: KubeObject): WatchEvent => ({ type: 'MODIFIED', object });
const deleted = (object: KubeObject): WatchEvent => ({ type: 'DELETED', object });
const restarted: WatchEvent = { type: 'RESTARTED' };
const synced = (resourceVersion: string): WatchEvent => ({ type: 'SYNCED', resourceVersion });
const watchOf = (name: string): Decisions.WatchRequest => ({
  kind: 'object',
  nodeId: 'a',
  target: { type, namespace: 'n', name },
});
const watchAll = (selector: string, namespace?: string): Decisions.WatchRequest => ({
  kind: 'list',
  nodeId: 'a',
  target: { type, selector, ...(namespace === undefined ? {} : { namespace }) },
});

/**
 * A graph with one node of the kind ConfigMap, and the paths that the graph reads of it. The caches use no other part
 * of a graph.
 */
function graphOf(...paths: string[][]): Graph {
  return graphWith('resource', paths);
}

function graphWith(nodeType: GraphNode['nodeType'], paths: string[][]): Graph {
  const node = { id: 'a', nodeType, type, plural: type.plural, namespaced: type.namespaced };
  return { reads: new Map([['a', paths]]), nodes: new Map([['a', node]]) } as unknown as Graph;
}

function setup() {
  const api = scriptedApi();
  const clock = new TestClock();
  const log: string[] = [];
  const caches: CacheSet = new CacheSet({
    client: api,
    clock,
    onWake: (subscriber, change) =>
      log.push(change === undefined ? `${subscriber}: state` : `${subscriber}: ${change.key}`),
    onChildChange: (applySet, change) => log.push(`set ${applySet}: ${change.key}`),
    onWentBack: (restored) => caches.readAgain(restored),
  });
  const takeLog = () => log.splice(0);
  return { api, clock, caches, takeLog };
}

it('measures the duration of a list with a monotonic clock', async () => {
  const api = scriptedApi();
  let elapsedMs = 1000;
  const clock = Object.assign(new TestClock(), { elapsed: () => elapsedMs });
  const synced = vi.fn();
  const none = () => undefined;
  const meter = { opened: none, closed: none, routed: none, synced };
  const caches = new CacheSet({ client: api, clock, meter, onWake: none, onChildChange: none, onWentBack: none });
  caches.keepGraph(graphOf([]));
  caches.setInterest('i1', [watchAll('')]);
  elapsedMs += 250;
  await api.watches[0]?.push(restarted, { type: 'SYNCED', resourceVersion: '7' });
  expect(synced.mock.calls.map(([, milliseconds]) => milliseconds as number)).toEqual([250]);
});

describe('an object that is nested too deep for the call stack', () => {
  it('is kept with only its name, uid and version, and the watch of its kind continues', async () => {
    const { api, caches } = setup();
    caches.setInterest('reader', [watchOf('a'), watchOf('deep')]);
    const manager = { manager: 'kro.run/applyset', operation: 'Apply', fieldsType: 'FieldsV1' };
    const deep = { ...map('deep', '2'), data: nested('a', 20_000) };
    deep.metadata.managedFields = [{ ...manager, apiVersion: 'v1', fieldsV1: { 'f:data': nested('f:a', 20_000) } }];
    const [watch] = api.watches;
    await watch?.push(restarted, added(map('a', '1')), added(deep), synced('2'), changed(map('a', '3')));
    const cache = caches.peek(type);
    expect(cache?.synced).toBe(true);
    expect(cache?.get('n/a')?.object.metadata.resourceVersion).toBe('3');
    expect(cache?.get('n/deep')?.object.metadata).toMatchObject({
      name: 'deep',
      uid: 'uid-deep',
      resourceVersion: '2',
    });
    await caches.close();
  });
});

/** An object with this number of levels. */
function nested(key: string, levels: number): JsonObject {
  let object: JsonObject = {};
  for (let level = 0; level < levels; level += 1) object = { [key]: object };
  return object;
}

describe('a list that follows an interruption of the watch', () => {
  const wentBack = (resourceVersion: string): WatchEvent => ({ type: 'SYNCED', resourceVersion, wentBack: true });
  it.each<[string, WatchEvent[], string[]]>([
    [
      'from a server that was restored to an earlier state replaces later versions, brings deleted objects back, and removes objects that the server lacks',
      [added(map('a', '4')), added(map('gone', '3')), wentBack('5')],
      ['a@4', 'gone@3'],
    ],
    [
      'from a restored server also replaces later versions when the server continues with higher versions',
      [added(map('a', '4')), synced('1000')],
      ['a@4'],
    ],
    [
      'from a server that was not restored keeps objects whose versions are later than the list',
      [added(map('a', '4')), synced('8')],
      ['a@9', 'late@10'],
    ],
  ])('%s', async (_title, events, held) => {
    const { api, caches } = setup();
    caches.keepGraph(graphOf([]));
    caches.setInterest('i1', [watchAll('')]);
    const [watch] = api.watches;
    await watch?.push(restarted, added(map('a', '4')), added(map('gone', '3')), synced('7'));
    await watch?.push(changed(map('a', '9')), deleted(map('gone', '8')), added(map('late', '10')));
    await watch?.push(restarted, ...events);
    const objects = [...(caches.peek(type)?.values() ?? [])].map(({ object }) => object.metadata);
    expect(objects.map(({ name, resourceVersion }) => `${name}@${resourceVersion}`).sort()).toEqual(held);
  });
});

describe('the response to a write that arrives before its watch events', () => {
  const next = (version: string) => map('a', version, { uid: 'next' });
  it.each<{ name: string; held: WatchEvent[]; answer: KubeObject; events: WatchEvent[]; steps: string[] }>([
    {
      name: 'is kept when the previous object is reported as deleted',
      held: [added(map('a', '7'))],
      answer: next('10'),
      events: [changed(map('a', '8')), deleted(map('a', '9')), added(next('10'))],
      steps: ['next@10', 'next@10', 'next@10'],
    },
    {
      name: 'is kept when an earlier object is reported as added and deleted',
      held: [],
      answer: next('10'),
      events: [added(map('a', '8')), deleted(map('a', '9')), added(next('10'))],
      steps: ['next@10', 'next@10', 'next@10'],
    },
    {
      name: 'is kept when older versions are reported, and replaced by a newer one',
      held: [added(map('a', '7'))],
      answer: next('11'),
      events: [deleted(map('a', '9')), added(next('10')), changed(next('11')), changed(next('12'))],
      steps: ['next@11', 'next@11', 'next@11', 'next@12'],
    },
    {
      name: 'is ignored when the watch has reported a later object',
      held: [added(next('12'))],
      answer: map('a', '8'),
      events: [],
      steps: [],
    },
  ])('$name', async ({ held, answer, events, steps }) => {
    const { api, caches } = setup();
    caches.keepGraph(graphOf([]));
    caches.setInterest('i1', [watchOf('a')]);
    const [watch] = api.watches;
    await watch?.push(restarted, ...held, synced('7'));
    const cache = caches.peek(type);
    const heldNow = () => {
      const { uid, resourceVersion } = cache?.get('n/a')?.object.metadata ?? {};
      return `${uid ?? 'nothing'}@${resourceVersion ?? ''}`;
    };
    cache?.observe(answer);
    const seen: string[] = [];
    for (const event of events) {
      await watch?.push(event);
      seen.push(heldNow());
    }
    expect(seen).toEqual(steps);
    if (steps.length === 0) expect(heldNow()).toBe('next@12');
  });

  it('a list replaces an object by another object of the same name, whatever the version', async () => {
    const { api, caches } = setup();
    caches.keepGraph(graphOf([]));
    caches.setInterest('i1', [watchOf('a')]);
    const [watch] = api.watches;
    await watch?.push(restarted, added(map('a', '7')), synced('7'));
    caches.peek(type)?.start(true);
    const [, again] = api.watches;
    await again?.push(restarted, added(next('3')), synced('9'));
    expect(caches.peek(type)?.get('n/a')?.object.metadata.uid).toBe('next');
  });
});

describe('CacheSet', () => {
  it('opens one watch per kind and reports to each subscriber only its objects', async () => {
    const { api, caches, takeLog } = setup();
    caches.keepGraph(graphWith('externalCollection', []));
    caches.setInterest('i1', [watchOf('a')]);
    caches.setInterest('i2', [watchOf('b')]);
    caches.setInterest('i3', [watchAll('app=web')]);
    expect(api.watches).toHaveLength(1);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('1'));
    expect(takeLog()).toEqual(['i1: n/a', 'i1: state', 'i2: state', 'i3: state']);
    await api.watches[0]?.push(added(map('b', '2', { labels: { app: 'web' } })));
    expect(takeLog()).toEqual(['i2: n/b', 'i3: n/b']);
    await api.watches[0]?.push(changed(map('b', '3')));
    expect(takeLog()).toEqual(['i2: n/b', 'i3: n/b']);
    await api.watches[0]?.push(changed(map('b', '4')));
    expect(takeLog()).toEqual(['i2: n/b']);
  });

  it('closes a watch some time after its last subscription ends, unless a new subscription follows', async () => {
    const { api, clock, caches } = setup();
    caches.setInterest('i1', [watchOf('a')]);
    caches.setInterest('i1', []);
    await clock.advance(29_000);
    caches.setInterest('i2', [watchOf('a')]);
    await clock.advance(60_000);
    expect(api.watches.map(({ closed }) => closed)).toEqual([false]);
    caches.setInterest('i2', []);
    await clock.advance(30_000);
    expect(api.watches.map(({ closed }) => closed)).toEqual([true]);
    expect(caches.peek(type)).toBeUndefined();
  });

  it('holds a written object at once, ignores the watch event of the same write, and ignores a late response for a deleted object', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(restarted, synced('1'));
    takeLog();
    const cache = caches.peek(type);
    cache?.observe(map('a', '9'));
    expect(takeLog()).toEqual(['i1: n/a']);
    await api.watches[0]?.push(added(map('a', '8')), changed(map('a', '9')));
    expect(takeLog()).toEqual([]);
    await api.watches[0]?.push(deleted(map('a', '10')));
    cache?.observe(map('a', '9'));
    expect(cache?.get('n/a')).toBeUndefined();
    cache?.observe(map('a', '11', { uid: 'another' }));
    expect(cache?.get('n/a')?.object.metadata.uid).toBe('another');
  });

  it('removes deleted objects after an interruption, and keeps objects that were written after the list', async () => {
    const { api, caches } = setup();
    caches.setInterest('i1', [watchAll('')]);
    await api.watches[0]?.push(restarted, added(map('a', '1')), added(map('b', '2')), synced('2'));
    caches.peek(type)?.observe(map('c', '12'));
    await api.watches[0]?.push(restarted, added(map('b', '2')), synced('10'));
    expect([...(caches.peek(type)?.keys() ?? [])]).toEqual(['n/b', 'n/c']);
  });

  it('keeps the fields that graphs read, and lists a kind again when a graph reads more fields', async () => {
    const { api, caches } = setup();
    const big = map('a', '1', { data: { x: '1', y: '2' } });
    caches.keep(type, [['data', 'x']]);
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(restarted, added(big), synced('1'));
    expect(caches.peek(type)?.get('n/a')?.object['data']).toEqual({ x: '1' });
    caches.keep(type, [['data', 'x']]);
    expect(api.watches).toHaveLength(1);
    caches.keep(type, [['data', 'y']]);
    expect(caches.peek(type)?.synced).toBe(false);
    expect(caches.peek(type)?.get('n/a')).toBeUndefined();
    await api.watches[1]?.push(restarted, added(big), synced('1'));
    expect(caches.peek(type)?.get('n/a')?.object['data']).toEqual({ x: '1', y: '2' });
  });

  it('keeps the objects for earlier graphs while it lists their kind again for a graph that reads more fields', async () => {
    const { api, caches, takeLog } = setup();
    const [a, b] = ['a', 'b'].map((name) => map(name, '5', { data: { x: '1', y: '2' } })) as [KubeObject, KubeObject];
    const old = caches.keepGraph(graphOf(['data', 'x'], ['metadata', 'labels']));
    caches.setInterest('i1', [watchOf('a')]);
    const cache = caches.peek(type);
    await api.watches[0]?.push(restarted, added(a), added(b), synced('5'));
    takeLog();
    expect(caches.keepGraph(graphOf(['metadata', 'name'], ['data', 'x']))).toBe(old);
    expect(api.watches).toHaveLength(1);

    const more = caches.keepGraph(graphOf(['data', 'y']));
    expect(api.watches).toHaveLength(2);
    expect([cache?.synced, cache?.isReading(old), cache?.isReading(more)]).toEqual([true, false, true]);
    expect(cache?.get('n/a', old)?.object['data']).toEqual({ x: '1' });
    expect(cache?.get('n/a', more)).toBeUndefined();
    expect(cache?.stale.isStale('n/nothing', more)).toBe(false);
    cache?.stale.await('i2');
    // The list may be older than the controller's last write.
    cache?.observe(map('b', '9', { data: { x: '3', y: '4' } }));
    caches.keepGraph(graphOf(['data', 'z']));
    await api.watches[2]?.push(restarted, added(a));
    expect(cache?.get('n/a', more)?.object['data']).toEqual({ x: '1', y: '2' });
    await api.watches[2]?.push(added(b), synced('7'));
    expect(takeLog()).toEqual(['i2: state']);
    expect(cache?.isReading(more)).toBe(false);
    expect(cache?.isReading(more + 1)).toBe(true);
    cache?.stale.await('i3');
    await api.watches[2]?.push(changed(map('b', '9', { data: { x: '3', y: '4', z: '5' } })));
    expect(takeLog()).toEqual(['i3: state']);
    expect(cache?.get('n/b', more + 1)?.object['data']).toEqual({ x: '3', y: '4', z: '5' });
  });

  it('reports whether a kind of a graph is being listed, and wakes waiting subscribers at the end or on an error', async () => {
    const { api, clock, caches, takeLog } = setup();
    const graph = graphOf(['data', 'x']);
    expect(caches.awaitsReading(graph, 'i1')).toBe(false);
    caches.setInterest('i0', [watchOf('a')]);
    expect(caches.awaitsReading(graph, 'i1')).toBe(true);
    await api.watches[0]?.push(restarted, added(map('a', '1')));
    expect(takeLog()).toEqual(['i0: n/a']);
    await api.watches[0]?.push(synced('1'));
    expect(takeLog()).toEqual(['i1: state', 'i0: state']);
    expect(caches.awaitsReading(graph, 'i1')).toBe(false);
    expect(caches.awaitsReading(graphOf(['data', 'y']), 'i2')).toBe(true);
    expect(caches.awaitsReading(graph, 'i1')).toBe(false);
    const error = new KubeError('no', { status: 500, reason: 'InternalError' });
    await api.watches[1]?.push({ type: 'ERROR', error, retryAfterMs: 0 });
    expect(takeLog()).toEqual(['i2: state', 'i0: state']);
    expect(caches.awaitsReading(graphOf(['data', 'y']), 'i2')).toBe(false);

    // The last subscription of the kind ends while another subscriber waits.
    caches.setInterest('i0', []);
    await clock.advance(30_000);
    caches.setInterest('i0', [watchOf('a')]);
    expect(caches.awaitsReading(graph, 'i1')).toBe(true);
    caches.setInterest('i0', []);
    await clock.advance(30_000);
    expect(takeLog()).toEqual(['i1: state']);
  });

  it('keeps the error of a failed second list, and reports later changes', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('1'));
    const projectionGeneration = caches.keepGraph(graphOf(['data']));
    takeLog();
    const error = new KubeError('no', { status: 500, reason: 'InternalError' });
    await api.watches[1]?.push({ type: 'ERROR', error, retryAfterMs: 0 });
    expect(takeLog()).toEqual(['i1: state']);
    expect(caches.peek(type)?.errorIn('n')).toBe(error);
    await api.watches[1]?.push(restarted, added(map('a', '2', { data: { x: '1' } })), synced('2'));
    expect(takeLog()).toEqual(['i1: n/a']);
    expect(caches.peek(type)?.get('n/a', projectionGeneration)?.object['data']).toEqual({ x: '1' });
  });

  it.each([
    ['when an event followed the error', changed(map('a', '2'))],
    ['when no event followed the error', undefined],
  ])('does not report an old error as the error of a second list, %s', async (_title, since) => {
    const { api, caches } = setup();
    const graph = graphOf(['data', 'x']);
    caches.keepGraph(graph);
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('1'));
    const error = new KubeError('away', { status: 0, reason: 'Transport' });
    await api.watches[0]?.push({ type: 'ERROR', error, retryAfterMs: 0 });
    if (since !== undefined) await api.watches[0]?.push(since);
    caches.restart('', 'ConfigMap', true);
    expect(caches.peek(type)?.errorIn('n')).toBeUndefined();
    expect(caches.awaitsReading(graph, 'i1')).toBe(true);
  });

  it('does not wake a subscriber after its duplicate subscription has ended', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [watchAll('a=b'), watchAll('a=b')]);
    caches.setInterest('i2', [watchOf('x')]);
    caches.setInterest('i1', []);
    await api.watches[0]?.push(restarted, added(map('a', '1', { labels: { a: 'b' } })));
    expect(takeLog()).toEqual([]);
    expect(caches.subscriptions()).toMatchObject([{ objects: 1, lists: 0 }]);
  });

  it('counts the watch requests of each subscriber, also if several subscribers request the same object or selection', () => {
    const { caches } = setup();
    for (const subscriber of ['i1', 'i2'])
      caches.setInterest(subscriber, [watchOf('a'), watchOf('b'), watchAll('a=b')]);
    expect(caches.subscriptions()).toMatchObject([{ objects: 4, lists: 2 }]);
    caches.setInterest('i1', [watchOf('b')]);
    expect(caches.subscriptions()).toMatchObject([{ objects: 3, lists: 1 }]);
  });

  it('holds objects without a uid, even after the deletion of one', async () => {
    const { api, caches } = setup();
    caches.setInterest('i1', [watchAll('')]);
    const nameless = (name: string) => map(name, '1', { uid: '' });
    await api.watches[0]?.push(restarted, added(nameless('a')), synced('1'), deleted(nameless('a')));
    await api.watches[0]?.push(added(nameless('b')));
    expect([...(caches.peek(type)?.keys() ?? [])]).toEqual(['n/b']);
  });

  it('reports the ApplySets that an object joins and leaves', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [], [{ type, namespaces: ['n'] }]);
    await api.watches[0]?.push(restarted, synced('1'));
    takeLog();
    await api.watches[0]?.push(added(map('a', '2', { labels: { [PART_OF]: 's1' } })));
    await api.watches[0]?.push(changed(map('a', '3', { labels: { [PART_OF]: 's2' } })));
    expect(takeLog()).toEqual(['set s1: n/a', 'set s1: n/a', 'set s2: n/a']);
    expect(caches.peek(type)?.membersOf('s1')).toEqual([]);
    expect(caches.peek(type)?.membersOf('s2')).toHaveLength(1);
  });

  it('watches single namespaces while it may not list the whole cluster, and then the whole cluster again', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [watchOf('a')]);
    caches.setInterest('i2', [], [{ type, namespaces: ['m'] }]);
    const forbidden: WatchEvent = {
      type: 'ERROR',
      error: new KubeError('no', { status: 403, reason: 'Forbidden' }),
      retryAfterMs: 0,
    };
    await api.watches[0]?.push(forbidden);
    expect(api.watches.map(({ namespace }) => namespace)).toEqual([undefined, 'n', 'm']);
    const cache = caches.peek(type);
    expect([cache?.syncedIn('n'), cache?.errorIn('n'), cache?.errorIn('other')]).toEqual([false, undefined, undefined]);
    takeLog();
    await api.watches[1]?.push(restarted, added(map('a', '1')), synced('1'));
    expect([cache?.syncedIn('n'), cache?.syncedIn('m'), cache?.synced, takeLog()]).toEqual([
      true,
      false,
      false,
      ['i1: n/a', 'i1: state', 'i2: state'],
    ]);
    await api.watches[2]?.push(forbidden);
    expect([cache?.errorIn('m')?.message, caches.settled]).toEqual(['no', true]);
    caches.setInterest('i2', []);
    expect(api.watches[2]?.closed).toBe(true);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('3'));
    expect([cache?.synced, cache?.syncedIn('other'), api.watches[1]?.closed]).toEqual([true, true, true]);
    expect(cache?.get('n/a')).toBeDefined();
  });

  it('reads an object again when its namespace had no watch for a while', async () => {
    const { api, caches, takeLog } = setup();
    const trouble = (status: number): WatchEvent => ({
      type: 'ERROR',
      error: new KubeError('no', { status, reason: 'X' }),
      retryAfterMs: 0,
    });
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(trouble(403));
    await api.watches[1]?.push(restarted, added(map('a', '1')), synced('1'));
    const cache = caches.peek(type);
    // An error of the server ends no watch of a namespace.
    await api.watches[0]?.push(trouble(500));
    expect([api.watches[1]?.closed, cache?.syncedIn('n'), cache?.get('n/a')]).toEqual([
      false,
      true,
      expect.anything() as unknown,
    ]);
    await api.watches[0]?.push(trouble(403));
    caches.setInterest('i1', []);
    expect(api.watches[1]?.closed).toBe(true);
    // Without a watch of the namespace, the response to a write is the only source of the object.
    cache?.observe(map('a', '2'));
    expect(cache?.get('n/a')).toBeDefined();
    caches.setInterest('i2', [watchOf('a')]);
    expect([api.watches[2]?.namespace, cache?.syncedIn('n'), cache?.get('n/a')]).toEqual(['n', false, undefined]);
    takeLog();
    await api.watches[2]?.push(restarted, added(map('a', '3')), synced('3'));
    expect([cache?.get('n/a')?.object.metadata.resourceVersion, takeLog()]).toEqual(['3', ['i2: n/a', 'i2: state']]);
  });

  it('reports once that a list is forbidden, and counts as synced during server errors', async () => {
    const { api, caches, takeLog } = setup();
    caches.setInterest('i1', [watchOf('a')]);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('1'));
    takeLog();
    const trouble = (status: number, message: string): WatchEvent => ({
      type: 'ERROR',
      error: new KubeError(message, { status, reason: 'X' }),
      retryAfterMs: 0,
    });
    await api.watches[0]?.push(trouble(500, 'oops'));
    expect([caches.peek(type)?.synced, takeLog()]).toEqual([true, []]);
    await api.watches[0]?.push(trouble(403, 'no'), trouble(403, 'no'));
    expect([caches.peek(type)?.synced, takeLog()]).toEqual([false, ['i1: state']]);
    await api.watches[0]?.push(restarted, added(map('a', '1')), synced('5'));
    expect(caches.peek(type)?.synced).toBe(true);
  });
});
