import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { valueAt } from '@typekro/kit/kubernetes';
import { type ObjectWriter, applyObject, removeObject, waitUntilGone } from './apply-object.ts';
import { waitUntilServed } from './definition-served.ts';
import { waitUntilEstablished, waitUntilObserved } from './object-observed.ts';
import { LiveSource } from './simulation/live-source.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
  // The tests write the conditions that the controller would write.
  await world.controller.stop();
});
afterAll(() => world.close());

const map = (data: Record<string, string>, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'map', namespace: 'default', ...metadata },
  data,
});
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'map' };
const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** Returns a writer whose source has read the current object. */
async function writer(): Promise<ObjectWriter & { readonly lines: string[] }> {
  const { signal } = new AbortController();
  const source = new LiveSource({ api: world.user, signal, fallback: 'default' });
  await source.load([
    { kind: 'object', nodeId: '', target: { type, name: 'map', namespace: 'default' }, why: 'unknown' },
  ]);
  const lines: string[] = [];
  return { api: world.user, source, clock: world.clock, signal, lines, print: (line) => void lines.push(line) };
}

test.each<[string, () => Promise<unknown>, string]>([
  ['was changed', () => world.apply(map({ a: '2' })), 'was changed'],
  [
    'is gone',
    async () => {
      await world.user.delete(ref);
      await world.settle();
    },
    'is gone',
  ],
])('an object that %s after the plan is not applied', async (_how, move, message) => {
  await world.apply(map({ a: '1' }));
  const task = await writer();
  await move();
  await expect(applyObject(task, map({ a: '3' }))).rejects.toThrow(`ConfigMap default/map ${message}`);
  expect(task.lines).toEqual([]);
});

test('an object that was created after the plan is not applied', async () => {
  const task = await writer();
  await world.apply(map({ a: '1' }));
  await expect(applyObject(task, map({ a: '3' }))).rejects.toThrow('ConfigMap default/map was created');
});

test('an object that another client creates between the read and the apply keeps its fields', async () => {
  await world.user.delete(ref);
  await world.settle();
  const task = await writer();
  let reads = 0;
  const find: typeof world.user.find = async (...given) => {
    const found = await world.user.find(...given);
    reads += 1;
    if (reads === 1) await world.user.create(map({ a: 'theirs' }));
    return found;
  };
  const api = new Proxy(world.user, {
    get: (target, key) => {
      if (key === 'find') return find;
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  await expect(applyObject({ ...task, api }, map({ a: 'ours' }))).rejects.toThrow('ConfigMap default/map was created');
  expect((await world.user.get(ref))['data']).toEqual({ a: 'theirs' });
});

test('an annotation of a user counts as a change since the plan, and a label of a controller does not', async () => {
  const task = await writer();
  await world.user.patch(ref, { metadata: { labels: { 'kro.run/owned': 'true' } } });
  await applyObject(task, map({ a: '4' }));
  expect(task.lines).toEqual(['configured ConfigMap default/map']);
  const next = await writer();
  await world.user.patch(ref, { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } });
  await expect(applyObject(next, map({ a: '5' }))).rejects.toThrow('was changed');
});

test('the error about an unfinished deletion names the finalizers that delay it', async () => {
  await world.user.patch(ref, { metadata: { finalizers: ['example.com/archive'] } });
  const task = await writer();
  await removeObject(task, ref);
  const waiting = waitUntilGone(task, [ref], 60_000, 'nothing else was deleted');
  const ended = expect(waiting).rejects.toThrow(
    'ConfigMap default/map is still being deleted after 60 s, kept by its finalizers example.com/archive; nothing else was deleted',
  );
  await world.settle();
  expect(task.lines).toEqual([
    'deleted ConfigMap default/map',
    'waiting at most 60 s for the deletion of ConfigMap default/map, which its finalizers hold (example.com/archive); look in another terminal: kubectl get configmap map -n default -o yaml',
  ]);
  await world.advance(61_000);
  await ended;
});

const definitionRef: ObjectRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'pots' };
const definition: KubeObject = {
  apiVersion: definitionRef.apiVersion,
  kind: definitionRef.kind,
  metadata: { name: 'pots' },
  spec: { schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: {} }, resources: [] },
};

const ready = (status: string, message: string, lastTransitionTime: string, observedGeneration = 1) =>
  world.user.patch(
    definitionRef,
    {
      status: { conditions: [{ type: 'Ready', status, reason: 'R', message, lastTransitionTime, observedGeneration }] },
    },
    { subresource: 'status' },
  );

test.each<[string, number, string]>([
  ['counts if the controller still reports it after some seconds', 16_000, 'refused before'],
  ['counts immediately when its message has changed', 0, 'refused again'],
])('a refusal from before the apply %s', async (_how, milliseconds, message) => {
  await world.apply(definition);
  await ready('False', 'refused before', '2026-01-01T00:00:00Z');
  const before = await world.user.get(definitionRef);
  const waiting = waitUntilServed(await writer(), { before, after: before });
  const ended = expect(waiting).rejects.toThrow(`the controller refuses the definition pots: ${message}`);
  await world.settle();
  if (milliseconds === 0) await ready('False', message, '2026-01-01T00:00:00Z');
  await world.advance(milliseconds);
  await ended;
});

test('a refusal that only repeats the refusal before the apply does not end the wait', async () => {
  await ready('False', 'refused before', '2026-01-01T00:00:00Z');
  const before = await world.user.get(definitionRef);
  const waiting = waitUntilServed(await writer(), { before, after: before });
  await world.settle();
  await world.advance(5000);
  await ready('True', '', '2026-01-01T00:01:00Z');
  await world.settle();
  await expect(waiting).resolves.toBeUndefined();
});

test('the wait ends with an error when no controller responds', async () => {
  await ready('Unknown', '', '2026-01-01T00:00:00Z');
  const before = await world.user.get(definitionRef);
  const waiting = waitUntilServed(await writer(), { before, after: before });
  const ended = expect(waiting).rejects.toThrow(
    'no controller has responded to ResourceGraphDefinition pots within 60 s',
  );
  await world.settle();
  await world.advance(61_000);
  await ended;
});

test('the wait for an instance ends when a condition is about its generation, or at the time limit', async () => {
  const own: KubeObject = { ...definition, metadata: { name: 'seen' } };
  await world.apply(own);
  const seenRef = { ...definitionRef, name: 'seen' };
  const next = { ...(await world.user.get(seenRef)) };
  const instance = { ...next, metadata: { ...next.metadata, generation: 2 } };
  const answer = (observedGeneration: number) =>
    world.user.patch(
      seenRef,
      {
        status: {
          conditions: [
            {
              type: 'Any',
              status: 'Unknown',
              reason: 'R',
              message: '',
              lastTransitionTime: '2026-01-01T00:00:00Z',
              observedGeneration,
            },
          ],
        },
      },
      { subresource: 'status' },
    );
  await answer(1);
  const late = expect(waitUntilObserved(await writer(), instance)).rejects.toThrow(
    'no controller has responded to ResourceGraphDefinition seen within 60 s',
  );
  await world.settle();
  await world.advance(61_000);
  await late;
  const waiting = waitUntilObserved(await writer(), instance);
  await answer(2);
  await world.settle();
  await expect(waiting).resolves.toBeUndefined();
});

test('the wait ends with an error when the CRD is not established', async () => {
  const crd: KubeObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'nevers.example.com' },
  };
  const late = expect(waitUntilEstablished(await writer(), crd)).rejects.toThrow(
    'the API server does not serve the kind of CustomResourceDefinition nevers.example.com within 60 s',
  );
  await world.settle();
  await world.advance(61_000);
  await late;
});

test('what a definition has beyond its file is removed, also if another client owns it', async () => {
  const version = (name: string, convertTo: JsonObject): JsonObject => ({ name, spec: {}, convertTo });
  const versions = [version('v2', { 'spec.text': 'x' }), version('v3', {})];
  const more = [version('v2', { 'spec.text': 'x', 'spec.extra': 'y' }), version('v3', {}), version('v4', {})];
  const definition = (spec: JsonObject, own = versions): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'memos' },
    spec: { schema: { apiVersion: 'v1', kind: 'Memo', spec, versions: own }, resources: [] },
  });
  await world.user.apply(definition({ text: 'string' }), { fieldManager: 'typekro', force: true });
  await world.user.apply(definition({ text: 'string', extra: 'string' }, more), {
    fieldManager: 'kubectl',
    force: true,
  });
  const definitions = { ...type, group: 'kro.run', version: 'v1alpha1', kind: 'ResourceGraphDefinition' };
  const task = await writer();
  const target = { type: { ...definitions, plural: 'resourcegraphdefinitions', namespaced: false }, name: 'memos' };
  await task.source.load([{ kind: 'object', nodeId: '', target, why: 'unknown' }]);
  const { before, after } = await applyObject(task, definition({ text: 'string' }));
  // The controller never sees a mixture of both.
  expect(after.metadata.generation).toBe((before?.metadata.generation ?? 0) + 1);
  expect(valueAt(after.spec, 'schema', 'spec')).toEqual({ text: 'string' });
  expect(valueAt(after.spec, 'schema', 'versions')).toEqual(versions);
  expect(task.lines).toEqual(['configured ResourceGraphDefinition memos']);
});
