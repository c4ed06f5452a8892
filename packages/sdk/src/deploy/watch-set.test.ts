import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { KubernetesApi, WatchEvent } from '@typekro/kube';
import { KubeError } from '@typekro/kube';
import type { ObjectTarget, ObjectType } from '@typekro/engine/runtime';
import { WatchSet } from './watch-set.ts';

const type: ObjectType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
const target = (name: string): ObjectTarget => ({ type, name, namespace: 'a' });
const object = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'a', uid: `uid-${name}`, labels },
  data: { large: 'value' },
});
const selected = object('ours', { mine: 'yes' });
const added = (some: KubeObject): WatchEvent => ({ type: 'ADDED', object: some });

/** Makes a `WatchSet` with one watch that emits these events. `changes` has the changes that the set reported. */
async function shown(events: readonly WatchEvent[]) {
  const changes: string[] = [];
  let end = (): void => undefined;
  const taken = new Promise<void>((resolve) => {
    end = resolve;
  });
  const watch = async function* () {
    yield* events;
    end();
    // The watch stays open.
    await new Promise(() => undefined);
  };
  const set = new WatchSet(
    { watch } as unknown as KubernetesApi,
    (_type, { kind, metadata }, gone) => changes.push(`${kind} ${metadata.uid} ${gone ? 'gone' : 'seen'}`),
    ({ metadata }) => metadata.labels?.['mine'] === 'yes',
  );
  set.set([{ kind: 'object', target: target('named') }]);
  await taken;
  return { set, changes };
}

const synced: WatchEvent = { type: 'SYNCED', resourceVersion: '9' };

test('a watch keeps objects that the deploy may read or has requested, and only the identity of the others', async () => {
  const named = object('named');
  const { set } = await shown([added(selected), added(object('other')), added(named), synced]);
  expect(await set.look(target('ours'))).toEqual({ exists: true, object: selected });
  expect(await set.look(target('named'))).toEqual({ exists: true, object: named });
  expect(await set.look(target('other'))).toEqual({ exists: undefined });
  expect(await set.look(target('nothing'))).toEqual({ exists: false });
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toEqual([selected]);
});

test('an object is kept once the deploy may read it, and dropped once the deploy may not read it any more', async () => {
  const modified = (some: KubeObject): WatchEvent => ({ type: 'MODIFIED', object: some });
  const taken = object('other', { mine: 'yes' });
  const { set } = await shown([
    added(selected),
    added(object('other')),
    modified(taken),
    modified(object('ours')),
    synced,
  ]);
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toEqual([taken]);
  expect(await set.look(target('ours'))).toEqual({ exists: undefined });
});

test('objects that were deleted during an interruption are reported, including those of other owners', async () => {
  const { set, changes } = await shown([
    added(selected),
    added(object('other')),
    synced,
    { type: 'RESTARTED' },
    synced,
  ]);
  expect(changes.slice(2)).toEqual(['ConfigMap uid-ours gone', 'ConfigMap uid-other gone']);
  expect(await set.look(target('other'))).toEqual({ exists: false });
});

test('a deleted object of another owner does not exist', async () => {
  const deleted: WatchEvent = { type: 'DELETED', object: object('other') };
  const { set } = await shown([added(object('other')), deleted, synced]);
  expect(await set.look(target('other'))).toEqual({ exists: false });
});

test('no read waits for a failing watch', async () => {
  const error = new KubeError('no', { status: 403, reason: 'Forbidden' });
  const { set } = await shown([{ type: 'ERROR', error, retryAfterMs: 1000 }]);
  expect(await set.look(target('named'))).toEqual({ exists: undefined });
  expect(await set.lookAll('', 'ConfigMap', ['a'])).toBeUndefined();
});
