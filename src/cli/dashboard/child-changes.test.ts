import { expect, test } from 'vitest';
import { TestClock } from '../../../test/support/test-clock.ts';
import type { KubeObject } from '../../core/index.ts';
import { EventLog } from '../../inspect/index.ts';
import { KubeError } from '../../kube/index.ts';
import type { WatchEvent, WatchOptions } from '../../kube/index.ts';
import { ChildChanges, FOLLOW_MS } from './child-changes.ts';
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
const FORBIDDEN: WatchEvent = {
  type: 'ERROR',
  error: new KubeError('configmaps is forbidden', { status: 403, reason: 'Forbidden' }),
  retryAfterMs: 1000,
};

const selection = (fields: Partial<ChildSelection> = {}): ChildSelection => ({
  key: 'maps',
  type: { apiVersion: 'v1', kind: 'ConfigMap' },
  namespace: 'default',
  labelSelector: 'kro.run/instance-id=u1',
  ...fields,
});

/** A watch of each kind that reports these events, and then waits for its end. */
function changesOf(events: readonly WatchEvent[]) {
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
        if (options.signal?.aborted === true) return;
        await new Promise((resolve) => options.signal?.addEventListener('abort', resolve));
      },
    },
  });
  return { log, clock, opened, children };
}

const messages = (log: EventLog): string[] => log.after(0).events.map(({ message }) => message);

test.each<[string, Partial<ChildSelection>, readonly WatchEvent[], readonly string[]]>([
  [
    'an object with the version that was read is no change',
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
  ['a first list of objects that were not read', {}, [added('a', '2'), SYNCED], []],
  ['a later change', {}, [added('a', '1'), SYNCED, modified('a', '2')], ['changed']],
  ['a later list without changes', {}, [added('a', '1'), SYNCED, RESTARTED, added('a', '1'), SYNCED], []],
  ['a later list with a change', {}, [added('a', '1'), SYNCED, RESTARTED, added('a', '2'), SYNCED], ['changed']],
  ['a removed object', {}, [added('a', '1'), SYNCED, { type: 'DELETED', object: map('a', '2') }], ['was removed']],
  ['an object that a later list lacks', {}, [added('a', '1'), SYNCED, RESTARTED, SYNCED], ['was removed']],
  [
    'objects that the selection does not name',
    { only: new Set(['default/a']) },
    [added('b', '1'), SYNCED, modified('b', '2'), modified('a', '2'), { type: 'DELETED', object: map('b', '3') }],
    ['changed'],
  ],
])('the changes that the log gets from %s', async (_title, fields, events, expected) => {
  const { log, clock, children } = changesOf(events);
  children.follow(REF, [selection(fields)]);
  await clock.advance(0);
  expect(messages(log)).toEqual(expected.map((text) => `ConfigMap ${text}`));
  expect(log.after(0).events.every(({ subject, type }) => subject === REF && type === 'object-changed')).toBe(true);
  await children.close();
});

test('a watch reads metadata of the selected objects only', async () => {
  const { opened, children, clock } = changesOf([SYNCED]);
  children.follow(REF, [selection()]);
  await clock.advance(0);
  expect(opened).toMatchObject([{ metadataOnly: true, namespace: 'default', labelSelector: 'kro.run/instance-id=u1' }]);
  await children.close();
});

test('the watches of an instance end some time after its last read', async () => {
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

test('a read with other objects ends the watches of the former ones', async () => {
  const { children, clock, opened } = changesOf([SYNCED]);
  children.follow(REF, [selection(), selection({ key: 'other' })]);
  await clock.advance(0);
  children.follow(REF, [selection({ key: 'other' }), selection({ key: 'third' })]);
  await clock.advance(0);
  expect(opened.map(({ signal }) => signal?.aborted)).toEqual([true, false, false]);
  await children.close();
});

test('what cannot be watched is said at the next read', async () => {
  const { children, clock } = changesOf([FORBIDDEN]);
  expect(children.follow(REF, [selection()])).toEqual([]);
  await clock.advance(0);
  expect(children.follow(REF, [selection()])).toEqual([
    'changes of ConfigMap are not followed: configmaps is forbidden',
  ]);
  await children.close();
});

test('the number of watches is bounded, for one instance and for all', async () => {
  const { children, clock } = changesOf([SYNCED]);
  const many = Array.from({ length: 100 }, (_, index) => selection({ key: `k${index}` }));
  expect(children.follow(REF, many)).toEqual(['changes of 60 more objects or kinds are not followed']);
  for (let index = 0; index < 100; index += 1) children.follow(`${REF}${index}`, [selection()]);
  await clock.advance(0);
  expect(children.watches).toBe(24);
  await children.close();
});
