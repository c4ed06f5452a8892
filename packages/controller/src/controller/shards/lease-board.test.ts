import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type CallOptions, type KubernetesApi, KubeError } from '@typekro/kube';
import { LEASE_TYPE, LeaseBoard } from './lease-board.ts';

/** A list request whose response the test gives. */
interface ListRequest {
  readonly signal: AbortSignal | undefined;
  answer(...leases: KubeObject[]): void;
  fail(): void;
}

const lease = (name: string, holderIdentity: string): KubeObject => ({
  ...LEASE_TYPE,
  metadata: { name },
  spec: { holderIdentity },
});

/** A board, the list requests that it sends, and the lists that it reports. */
function boardWith(update: (lease: KubeObject) => Promise<KubeObject> = async (written) => written) {
  const requests: ListRequest[] = [];
  const reported: KubeObject[][] = [];
  const api: Pick<KubernetesApi, 'list' | 'create' | 'update'> = {
    list: (_type, options?: CallOptions) =>
      new Promise((resolve, reject) => {
        requests.push({
          signal: options?.signal,
          answer: (...items) => resolve({ items, resourceVersion: '1' }),
          fail: () => reject(new KubeError('no answer', { status: 0, reason: 'Transport' })),
        });
      }),
    create: update,
    update,
  };
  const time = { now: 0 };
  const board = new LeaseBoard({
    api,
    clock: { now: () => time.now, setTimer: () => ({ cancel: () => undefined }) },
    namespace: 'n',
    labelSelector: 'l',
    maxAgeMs: 10,
    onRead: (leases) => reported.push([...leases]),
  });
  const holderOf = async (name: string, signal?: AbortSignal) => {
    const found = await board.find({ ...LEASE_TYPE, name }, signal === undefined ? {} : { signal });
    return found?.spec?.['holderIdentity'];
  };
  return { board, requests, reported, time, holderOf };
}

const ABORTED = { reason: 'Aborted' };

test('concurrent reads share one list request', async () => {
  const { requests, reported, holderOf } = boardWith();
  const both = Promise.all([holderOf('a'), holderOf('b')]);
  requests[0]?.answer(lease('a', 'one'), lease('b', 'two'));
  expect(await both).toEqual(['one', 'two']);
  expect(await holderOf('a')).toBe('one');
  expect([requests.length, reported.length]).toEqual([1, 1]);
});

test('the abort of one caller ends only the wait of this caller', async () => {
  const { requests, holderOf } = boardWith();
  const [first, second] = [new AbortController(), new AbortController()];
  const [one, two] = [holderOf('a', first.signal), holderOf('a', second.signal)];
  const three = holderOf('a');
  first.abort();
  await expect(one).rejects.toMatchObject(ABORTED);
  second.abort();
  await expect(two).rejects.toMatchObject(ABORTED);
  expect(requests[0]?.signal?.aborted).toBe(false);
  requests[0]?.answer(lease('a', 'one'));
  expect(await three).toBe('one');
});

test('a list that no caller waits for any more is aborted, and the next caller reads again', async () => {
  const { requests, holderOf } = boardWith();
  const caller = new AbortController();
  const one = holderOf('a', caller.signal);
  caller.abort();
  await expect(one).rejects.toMatchObject(ABORTED);
  expect(requests[0]?.signal?.aborted).toBe(true);
  const two = holderOf('a');
  requests[0]?.answer(lease('a', 'one'));
  requests[1]?.answer(lease('a', 'two'));
  expect(await two).toBe('two');
  expect(await holderOf('a')).toBe('two');
});

test('after a failed list, the next caller reads again', async () => {
  const { requests, holderOf } = boardWith();
  const one = holderOf('a');
  requests[0]?.fail();
  await expect(one).rejects.toMatchObject({ reason: 'Transport' });
  const two = holderOf('a');
  requests[1]?.answer(lease('a', 'two'));
  expect(await two).toBe('two');
});

test('a list that began before a refused write is not used after the write', async () => {
  const refusal = new KubeError('another client wrote', { status: 409, reason: 'Conflict' });
  const { board, requests, holderOf } = boardWith(() => Promise.reject(refusal));
  const one = holderOf('a');
  await expect(board.update(lease('a', 'me'))).rejects.toBe(refusal);
  const two = holderOf('a');
  requests[1]?.answer(lease('a', 'new'));
  expect(await two).toBe('new');
  requests[0]?.answer(lease('a', 'old'));
  expect(await one).toBe('old');
  expect(await holderOf('a')).toBe('new');
});

test('a list that began before a write does not hide the written Lease', async () => {
  const { board, requests, holderOf } = boardWith();
  const one = holderOf('a');
  await board.update(lease('b', 'me'));
  requests[0]?.answer(lease('a', 'one'), lease('b', 'before'));
  expect(await one).toBe('one');
  expect(await holderOf('b')).toBe('me');
});
