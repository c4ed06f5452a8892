import { describe, expect, test } from 'vitest';
import { Store } from './store.ts';

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
