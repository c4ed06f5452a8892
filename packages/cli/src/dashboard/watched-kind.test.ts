import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { WatchEvent } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import { watchFailure, watchKind } from './watched-kind.ts';

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
