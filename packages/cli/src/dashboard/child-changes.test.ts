import { expect, test } from 'vitest';
import { TestClock } from '@typekro/kube/test-support/test-clock';
import type { KubeObject } from '@typekro/kit/core';
import { EventLog } from '@typekro/controller/inspect';
import { type WatchEvent, type WatchOptions, KubeError } from '@typekro/kube';
import { ChildChanges, FOLLOW_MS, MAX_FOLLOWED, MAX_WATCHES } from './child-changes.ts';
import type { ChildSelection } from './child-selections.ts';

const REF = 'acme.dev/v1/Shop/default/web';

const map = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name, resourceVersion },
});

const added = (name: string, version: string): WatchEvent => ({ type: 'ADDED', object: map(name, version) });
const modified = (name: string, version: string): WatchEvent => ({ type: 'MODIFIED', object: map(name, version) });
const SYNCED: WatchEvent = { type: 'SYNCED', resourceVersion: '9' };
const RESTARTED: WatchEvent = { type: 'RESTARTED' };
const failed = (status: number, message: string): WatchEvent => ({
  type: 'ERROR',
  error: new KubeError(message, { status, reason: 'x' }),
  retryAfterMs: 1000,
});
const BUSY = failed(429, 'too many requests');

const selection = (fields: Partial<ChildSelection> = {}): ChildSelection => ({
  key: 'maps',
  type: { apiVersion: 'v1', kind: 'ConfigMap' },
  namespace: 'default',
  labelSelector: 'kro.run/instance-id=u1',
  ...fields,
});

/** Makes watches that report these events first, and then the events that are passed to `emit`. */
function changesOf(events: readonly WatchEvent[]) {
  const later: WatchEvent[] = [];
  let arrived = (): void => undefined;
  const log = new EventLog();
  const clock = new TestClock();
  const opened: WatchOptions[] = [];
  const children = new ChildChanges({
    log,
    clock,
    api: {
      async *watch(_type, options = {}) {
        opened.push(options);
        yield* events;
        while (options.signal?.aborted !== true) {
          const event = later.shift();
          if (event !== undefined) yield event;
          else {
            await new Promise<void>((resolve) => {
              arrived = resolve;
              options.signal?.addEventListener('abort', () => resolve(), { once: true });
            });
          }
        }
      },
    },
  });
  const emit = (...more: readonly WatchEvent[]): void => {
    later.push(...more);
    arrived();
  };
  return { log, clock, opened, children, emit };
}

const messages = (log: EventLog): string[] => log.after(0).events.map(({ message }) => message);

test.each<[string, Partial<ChildSelection>, readonly WatchEvent[], readonly string[]]>([
  [
    'an object that did not change after the read',
    { seen: new Map([['default/a', '1']]) },
    [added('a', '1'), SYNCED],
    [],
  ],
  [
    'an object of the first list that changed after the read',
    { seen: new Map([['default/a', '1']]) },
    [added('a', '2'), SYNCED],
    ['changed'],
  ],
  [
    'an object of the first list that was created after the read',
    { seen: new Map() },
    [added('a', '2'), SYNCED],
    ['changed'],
  ],
  [
    'an object that was deleted after the read',
    {
      seen: new Map([
        ['default/a', '1'],
        ['default/b', '1'],
      ]),
    },
    [added('b', '1'), SYNCED],
    ['was removed'],
  ],
  ['a first list, when no objects were read before', {}, [added('a', '2'), SYNCED], []],
  [
    'a first list after a failed list, when no objects were read before',
    {},
    [BUSY, RESTARTED, added('a', '2'), added('b', '2'), SYNCED],
    ['is followed again'],
  ],
  [
    'a first list of an object that the reader may not read',
    { seen: new Map(), unread: new Set(['default/a']) },
    [added('a', '2'), SYNCED],
    [],
  ],
  ['a later change', {}, [added('a', '1'), SYNCED, modified('a', '2')], ['changed']],
  ['a later list without changes', {}, [added('a', '1'), SYNCED, RESTARTED, added('a', '1'), SYNCED], []],
  ['a later list with a change', {}, [added('a', '1'), SYNCED, RESTARTED, added('a', '2'), SYNCED], ['changed']],
  ['a removed object', {}, [added('a', '1'), SYNCED, { type: 'DELETED', object: map('a', '2') }], ['was removed']],
  ['an object that is missing from a later list', {}, [added('a', '1'), SYNCED, RESTARTED, SYNCED], ['was removed']],
  [
    'objects of which the selection names only one',
    { only: new Set(['default/a']) },
    [added('b', '1'), SYNCED, modified('b', '2'), modified('a', '2'), { type: 'DELETED', object: map('b', '3') }],
    ['changed'],
  ],
])('the log records the expected changes: %s', async (_title, fields, events, expected) => {
  const { log, clock, children } = changesOf(events);
  children.follow(REF, [selection(fields)]);
  await clock.advance(0);
  expect(messages(log)).toEqual(expected.map((text) => `ConfigMap ${text}`));
  expect(log.after(0).events.every(({ subject, type }) => subject === REF && type === 'object-changed')).toBe(true);
  await children.close();
});

test('a watch reads only the metadata of the selected objects', async () => {
  const { opened, children, clock } = changesOf([SYNCED]);
  children.follow(REF, [selection()]);
  await clock.advance(0);
  expect(opened).toMatchObject([{ metadataOnly: true, namespace: 'default', labelSelector: 'kro.run/instance-id=u1' }]);
  await children.close();
});

test('the watches of an instance end FOLLOW_MS after its last read', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  children.follow(REF, [selection()]);
  await clock.advance(FOLLOW_MS - 1);
  children.follow(REF, [selection()]);
  await clock.advance(FOLLOW_MS - 1);
  expect([children.watches, opened.length]).toEqual([1, 1]);
  await clock.advance(1);
  expect(children.watches).toBe(0);
  expect(opened[0]?.signal?.aborted).toBe(true);
  await children.close();
  expect(clock.timers).toBe(0);
});

test('a read with other objects keeps the watches of the former objects until their time has passed', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  children.follow(REF, [selection(), selection({ key: 'other' })]);
  await clock.advance(FOLLOW_MS - 1);
  children.follow(REF, [selection({ key: 'other' }), selection({ key: 'third' })]);
  await clock.advance(0);
  expect(opened.map(({ signal }) => signal?.aborted)).toEqual([false, false, false]);
  await clock.advance(1);
  expect(opened.map(({ signal }) => signal?.aborted)).toEqual([true, false, false]);
  await children.close();
});

test('readers with different rights share the watches that are already open', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  for (let round = 0; round < 5; round += 1) {
    children.follow(REF, [selection({ key: 'by label' })]);
    await clock.advance(1000);
    children.follow(REF, [selection({ key: 'by name' })]);
    await clock.advance(1000);
  }
  expect(opened).toHaveLength(2);
  await children.close();
});

test('a watch of a kind reports the objects that any earlier read has selected', async () => {
  const { children, clock, log, emit } = changesOf([added('a', '1'), added('b', '1'), SYNCED]);
  children.follow(REF, [selection({ only: new Set(['default/a']) })]);
  await clock.advance(0);
  emit(modified('b', '2'));
  await clock.advance(0);
  expect(messages(log)).toEqual([]);
  children.follow(REF, [selection({ only: new Set(['default/b']) })]);
  emit(modified('b', '2'), modified('a', '2'), modified('c', '2'));
  await clock.advance(0);
  expect(messages(log)).toEqual(['ConfigMap changed']);
  await children.close();
});

test('the next reads say which kinds cannot be watched; the failure and the recovery are events', async () => {
  const { children, clock, emit, log } = changesOf([failed(403, 'User "robot" cannot list configmaps')]);
  expect(children.follow(REF, [selection()])).toEqual([]);
  await clock.advance(0);
  expect([log.lastId, messages(log)]).toEqual([1, ['ConfigMap is not followed']]);
  expect(children.follow(REF, [selection()])).toEqual([
    'changes of ConfigMap are not followed: this server may not list and watch them',
  ]);
  emit(failed(403, 'User "robot" cannot list configmaps'));
  await clock.advance(0);
  expect(log.lastId).toBe(1);
  emit({ type: 'BOOKMARK', resourceVersion: '2' });
  await clock.advance(0);
  expect([log.lastId, messages(log)]).toEqual([2, ['ConfigMap is followed again']]);
  expect(children.follow(REF, [selection()])).toEqual([]);
  await children.close();
});

test('the number of watches of an instance is limited, and the oldest watches end first', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  const many = (of: string) => Array.from({ length: MAX_WATCHES }, (_, index) => selection({ key: `${of}${index}` }));
  expect(children.follow(REF, [...many('a'), ...many('b')])).toEqual([
    `changes of ${MAX_WATCHES} more objects or kinds are not followed`,
  ]);
  await clock.advance(0);
  children.follow(REF, many('c').slice(1));
  await clock.advance(0);
  expect(children.watches).toBe(MAX_WATCHES);
  expect(opened.filter(({ signal }) => signal?.aborted === false)).toHaveLength(MAX_WATCHES);
  expect(opened[MAX_WATCHES - 1]?.signal?.aborted).toBe(false);
  await children.close();
});

test('the number of followed instances is limited: an additional instance gets a note, and ends no watch of another instance', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  for (let index = 0; index < MAX_FOLLOWED; index += 1) {
    expect(children.follow(`${REF}${index}`, [selection()])).toEqual([]);
  }
  const note = [`changes of objects are not followed: ${MAX_FOLLOWED} other instances are open`];
  expect(children.follow(REF, [selection()])).toEqual(note);
  await clock.advance(0);
  expect(children.follow(`${REF}0`, [selection()])).toEqual([]);
  expect(opened.map(({ signal }) => signal?.aborted)).toEqual(Array.from({ length: MAX_FOLLOWED }, () => false));
  await clock.advance(FOLLOW_MS);
  expect(children.follow(REF, [selection()])).toEqual([]);
  await children.close();
});

test('nothing is watched after close', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  await children.close();
  expect(children.follow(REF, [selection()])).toEqual([]);
  await clock.advance(0);
  expect([opened.length, children.watches, clock.timers]).toEqual([0, 0, 0]);
});
