import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { describe, expect, test } from 'vitest';
import { Store } from './store.ts';
import { checkStoredSize } from './stored-size.ts';

const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

/** A store whose listener of `sources` writes two objects into `copies` while an event is published. */
function withFollower() {
  const store = new Store();
  const sources = store.collection('', 'sources');
  const copies = store.collection('', 'copies');
  const seen: string[] = [];
  sources.subscribe(({ type, stored }) => {
    if (type === 'DELETED') copies.remove(stored.key);
    else for (const suffix of ['', '-more']) copies.put(`${stored.key}${suffix}`, object(stored.key));
  });
  copies.subscribe(({ stored }) => {
    if (stored.key === 'a') copies.put('last', object('last'));
  });
  store.subscribe(({ type, stored }) => seen.push(`${stored.version} ${type} ${stored.key}`));
  return { store, sources, copies, seen };
}

test('an index follows the objects, and reads each version of an object at most twice', () => {
  const objects = new Store().collection('', 'objects');
  let reads = 0;
  const labels = ({ metadata }: KubeObject) => ((reads += 1), Object.keys(metadata.labels ?? {}));
  const found = (label: string) => [...objects.having(labels, label)].map(({ key }) => key);
  const put = (name: string, label: string) =>
    objects.put(name, { ...object(name), metadata: { name, labels: { [label]: '' } } });
  for (let index = 0; index < 1000; index += 1) put(`o${index}`, index < 3 ? 'rare' : 'usual');
  expect(found('rare')).toEqual(['o0', 'o1', 'o2']);
  put('o1', 'usual');
  objects.remove('o2');
  put('new', 'rare');
  expect([found('rare'), found('usual').length, found('none')]).toEqual([['o0', 'new'], 998, []]);
  expect(reads).toBeLessThan(1010);
});

describe('events of a store', () => {
  test('that a listener causes reach every listener after the event that caused them, in the order of resource versions', () => {
    const { sources, seen } = withFollower();
    sources.put('a', object('a'));
    sources.remove('a');
    expect(seen).toEqual([
      '2 ADDED a',
      '3 ADDED a',
      '4 ADDED a-more',
      '5 ADDED last',
      '6 DELETED a',
      '7 DELETED a',
      '8 MODIFIED last',
    ]);
  });

  test('that a listener causes are stored before the next listener of the first event is called', () => {
    const { sources, copies } = withFollower();
    const found: unknown[] = [];
    sources.subscribe(() => found.push(copies.get('a')?.version));
    sources.put('a', object('a'));
    expect(found).toEqual([3]);
    expect(copies.since(1)?.map(({ stored }) => stored.version)).toEqual([3, 4, 5]);
  });

  test('reach the listeners that follow a failed listener, and the writer gets the errors of all listeners', () => {
    const store = new Store();
    const objects = store.collection('', 'objects');
    const seen: string[] = [];
    const fails = (message: string) => () => {
      throw new Error(message);
    };
    objects.subscribe(fails('first'));
    store.subscribe(fails('second'));
    store.subscribe(({ stored }) => seen.push(stored.key));
    expect(() => objects.put('a', object('a'))).toThrow(
      new AggregateError([new Error('first'), new Error('second')], '2 listeners failed, first: first'),
    );
    expect(seen).toEqual(['a']);
  });

  test('that a listener causes reach all other listeners even if one listener fails', () => {
    const { store, sources, seen } = withFollower();
    const stop = store.subscribe(() => {
      throw new Error('broken listener');
    });
    expect(() => sources.put('a', object('a'))).toThrow('4 listeners failed, first: broken listener');
    stop();
    sources.put('b', object('b'));
    expect(seen).toEqual([
      '2 ADDED a',
      '3 ADDED a',
      '4 ADDED a-more',
      '5 ADDED last',
      '6 ADDED b',
      '7 ADDED b',
      '8 ADDED b-more',
    ]);
  });
});

describe('the events that a collection keeps', () => {
  test.each([
    [0, 0],
    [1, 2],
    [16, 17],
    [100, 107],
  ])('with a window of %i, a collection keeps at least this number and at most %i events', (window, most) => {
    const objects = new Store(window).collection('', 'objects');
    const counts: number[] = [];
    for (let turn = 0; turn < 5 * window + 5; turn += 1) {
      objects.put('a', object('a'));
      counts.push(objects.since(objects.oldest)?.length ?? Number.NaN);
    }
    expect(Math.max(...counts)).toBe(most);
    expect(Math.min(...counts.slice(window))).toBe(window);
  });
});

const KILOBYTE = 1024;
const withText = (name: string, kilobytes: number) => ({
  ...object(name),
  data: { text: 'x'.repeat(kilobytes * KILOBYTE) },
});

describe('the quota of a store', () => {
  const FULL = 'etcdserver: mvcc: database space exceeded';
  /** A store with a quota of 100 kB that has the objects `a` and `b`, of 40 kB each. */
  function almostFull() {
    const store = new Store(1000, undefined, 100 * KILOBYTE);
    const objects = store.collection('', 'objects');
    for (const name of ['a', 'b']) objects.put(name, withText(name, 40));
    return { store, objects };
  }
  const puts = (name: string, kilobytes: number) => (store: Store) =>
    void store.collection('', 'objects').put(name, withText(name, kilobytes));
  const removes = (name: string) => (store: Store) => void store.collection('', 'objects').remove(name);

  test.each<[string, readonly ((store: Store) => void)[], boolean]>([
    ['a new object that fits', [puts('c', 10)], true],
    ['a new object that does not fit', [puts('c', 40)], false],
    [
      'a new object of another resource',
      [(store) => store.collection('', 'others').put('c', withText('c', 40))],
      false,
    ],
    ['an update that enlarges an object', [puts('a', 80)], false],
    ['an update of the same size', [puts('a', 40)], true],
    ['an update that makes an object smaller', [puts('a', 1)], true],
    ['a new object after the removal of another', [removes('a'), puts('c', 40)], true],
    ['a second new object after the removal of one', [removes('a'), puts('c', 40), puts('d', 40)], false],
    ['a new object after an update that makes another smaller', [puts('a', 1), puts('c', 40)], true],
    ['many updates of one object', Array.from({ length: 20 }, () => puts('a', 40)), true],
    ['a new object after its resource was dropped', [(store) => store.drop('', 'objects'), puts('c', 80)], true],
    ['a new object after a reset to nothing', [(store) => store.reset(1, []), puts('c', 80)], true],
    [
      'a new object after a reset to an object of the same size',
      [
        (store) => {
          const objects = store.collection('', 'objects');
          store.reset(1, [[objects, objects.all()]]);
        },
        puts('c', 40),
      ],
      false,
    ],
  ])('%s', (_, changes, fits) => {
    const { store } = almostFull();
    for (const change of changes.slice(0, -1)) change(store);
    const { version } = store;
    const last = () => changes.at(-1)?.(store);
    if (fits) expect(last).not.toThrow();
    else expect(last).toThrow(FULL);
    expect(store.version).toBe(fits ? version + 1 : version);
  });

  test('listeners whose changes it refused make them again after the next accepted change', () => {
    const { store, objects } = almostFull();
    const recovered: string[] = [];
    store.onRecovery(() => recovered.push('again'));
    expect(() => objects.put('c', withText('c', 40))).toThrow(FULL);
    objects.remove('a');
    expect(recovered).toEqual(['again']);
  });
});

describe('the memory of the events of a store', () => {
  /** A store that keeps earlier versions of at most 100 kB, and the resources `first` and `second`. */
  function small() {
    const store = new Store(1000, 100 * KILOBYTE);
    return { store, first: store.collection('', 'first'), second: store.collection('', 'second') };
  }

  test.each<[string, (turn: number) => JsonObject, number, number]>([
    ['a large object that changes', (turn) => ({ text: `${turn}`.padEnd(10 * KILOBYTE, 'x') }), 8, 10],
    ['a small object', (turn) => ({ text: `${turn}` }), 150, 150],
    [
      'an object with many members',
      (turn) => Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`${turn}-${at}`, 1])),
      4,
      25,
    ],
  ])('of %s is limited', (_, data, least, most) => {
    const { first } = small();
    for (let turn = 1000; turn < 1150; turn += 1) first.put('a', { ...object('a'), data: data(turn) });
    const kept = first.since(first.oldest)?.length ?? Number.NaN;
    expect(kept).toBeGreaterThanOrEqual(least);
    expect(kept).toBeLessThanOrEqual(most);
    expect(first.since(1)?.length).toBe(kept === 150 ? kept : undefined);
  });

  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['a list and an object that are equal', { list: [{ a: 1 }], map: { b: 'x' } }, {}, ['list', 'map']],
    ['the equal one of two members', { list: [1], map: { b: 'x' } }, { map: { b: 'y' } }, ['list']],
    ['no object whose members have another order', { map: { a: 1, b: 2 } }, { map: { b: 2, a: 1 } }, []],
    ['no list that became longer', { list: [1, 2] }, { list: [1, 2, 3] }, []],
    ['nothing of a list that became an object', { list: [1] }, { list: { 0: 1 } }, []],
  ])('a new version shares %s', (_, before, change, shared) => {
    const { first } = small();
    first.put('a', { ...object('a'), data: before });
    const earlier = first.get('a')?.object['data'] as Record<string, unknown>;
    const written = structuredClone({ ...before, ...change });
    const later = first.put('a', { ...object('a'), data: written }).object['data'] as Record<string, unknown>;
    expect(JSON.stringify(later)).toBe(JSON.stringify(written));
    expect(Object.keys(later).filter((key) => later[key] === earlier[key])).toEqual(shared);
  });

  test('counts parts that a later version shares only once', () => {
    const { first } = small();
    const shared = withText('a', 60).data;
    for (let turn = 0; turn < 20; turn += 1) first.put('a', { ...object('a'), data: shared, turn });
    expect(first.since(1)).toHaveLength(20);
  });

  test('is that of all resources: the oldest events are dropped, also those of another resource', () => {
    const { first, second } = small();
    first.put('a', withText('a', 60));
    first.put('a', withText('a', 1));
    expect(first.since(1)).toHaveLength(2);
    for (const kilobytes of [30, 1]) second.put('b', withText('b', kilobytes));
    expect(first.since(1)).toHaveLength(2);
    for (const kilobytes of [30, 1]) second.put('b', withText('b', kilobytes));
    expect(first.since(1)).toBeUndefined();
    expect(first.since(first.oldest)).toEqual([]);
    expect(second.since(second.oldest)).toHaveLength(4);
  });

  test('includes deleted objects, and is free again after a compaction and without the resource', () => {
    const { store, first, second } = small();
    for (const name of ['a', 'b', 'c', 'd']) {
      first.put(name, withText(name, 30));
      first.remove(name);
    }
    expect(first.since(1)).toBeUndefined();
    first.compact();
    for (const name of ['a', 'b', 'c']) second.put(name, withText(name, 30));
    for (const name of ['a', 'b', 'c']) second.remove(name);
    expect(second.since(1)).toHaveLength(6);
    store.drop('', 'second');
    const third = store.collection('', 'third');
    const { version } = store;
    for (const name of ['a', 'b', 'c']) third.put(name, withText(name, 30));
    for (const name of ['a', 'b', 'c']) third.remove(name);
    expect(third.since(version)).toHaveLength(6);
  });
});

test('a new object shares the equal parts of its neighbours', () => {
  const pods = new Store().collection('', 'pods');
  const put = (key: string, image: string) =>
    pods.put(key, { ...object(key), spec: { a: [{ image }], b: ['x'] } }).object.spec;
  const [first, last, middle] = [put('n/a-1', 'a'), put('n/b-1', 'b'), put('n/a-2', 'a')];
  expect([middle === first, last?.['a'] === first?.['a'], last?.['b'] === first?.['b']]).toEqual([true, false, true]);
});

test.each(['', 'example.com'])('the size of a large frozen value in the group %j is counted once', (group) => {
  let reads = 0;
  const spec = Object.freeze({
    get text() {
      reads += 1;
      return 'x'.repeat(100_000);
    },
  });
  const object = { apiVersion: 'v1', kind: 'X', metadata: {}, spec };
  for (let count = 0; count < 3; count += 1) checkStoredSize(group, object, undefined);
  expect(reads).toBe(1);
  const large = { ...object, lists: Array.from({ length: 20 }, () => spec) };
  expect(() => checkStoredSize(group, large, undefined)).toThrow('too large');
  expect(() => checkStoredSize(group, large, { ...large, more: 1 })).not.toThrow();
});
