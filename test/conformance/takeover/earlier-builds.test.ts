import { afterEach, describe, expect, test } from 'vitest';
import { controllerCrds } from '@typekro/controller/controller';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { type VirtualWorld, virtualWorld, writesOf } from '@typekro/testing/test-support/virtual-world';
import { objectsOf, restoreState, stateOf } from './state-of-kro.ts';

/**
 * A cluster with the objects that an earlier build of this controller has written. As in an upgrade, this controller
 * takes them over.
 */
let world: VirtualWorld;
afterEach(() => world.close());

type Level = '0.9' | '0.10';

/** Restores the state that an earlier build left, in a cluster without a controller. */
async function restored(commit: string): Promise<ReadonlyMap<string, KubeObject>> {
  world = await virtualWorld();
  await world.controller.stop();
  for (const { apiVersion, kind, metadata } of controllerCrds()) {
    await world.user.delete({ apiVersion, kind, name: metadata.name ?? '' });
  }
  await world.advance(1000);
  await restoreState(world.cluster, stateOf(commit));
  return objectsOf(world.cluster.snapshot());
}

/** Starts this controller and waits until it has no work left. Returns its writes. */
async function upgrade(level: Level): Promise<string[]> {
  world.requests.length = 0;
  await world.restart({ kroCompatibility: level });
  await world.advance(60_000);
  return writesOf(world.requests);
}

const writes = async (change: () => Promise<unknown>): Promise<string[]> => {
  world.requests.length = 0;
  await change();
  await world.settle();
  await world.advance(60_000);
  return writesOf(world.requests);
};

const objects = (): ReadonlyMap<string, KubeObject> => objectsOf(world.cluster.snapshot());
const instance = (kind: string, name: string) => ({
  apiVersion: 'takeover.test/v1',
  kind,
  namespace: 'takeover',
  name,
});
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'takeover', name });

describe.each<{ commit: string; level: Level }>([
  { commit: '9b218d4c', level: '0.9' },
  { commit: 'd4e45725', level: '0.10' },
])('the objects of the build $commit at the level $level', ({ commit, level }) => {
  test('have revisions, labels, inventories and finalizers, which the next tests require', async () => {
    const before = [...(await restored(commit)).values()];
    const has = (test: (object: KubeObject) => boolean) => before.filter(test).length;
    expect(has(({ kind }) => kind === 'GraphRevision')).toBe(11);
    expect(has(({ metadata }) => metadata.labels?.['applyset.kubernetes.io/part-of'] !== undefined)).toBeGreaterThan(20);
    expect(has(({ metadata }) => metadata.labels?.['applyset.kubernetes.io/id'] !== undefined)).toBeGreaterThan(10);
    const inventory = 'internal.kro.run/applyset-inventory-hash';
    expect(has(({ metadata }) => metadata.annotations?.[inventory] !== undefined)).toBeGreaterThan(10);
    expect(has(({ metadata }) => metadata.finalizers?.includes('kro.run/finalizer') === true)).toBeGreaterThan(20);
  });

  test('are taken over without a write', async () => {
    const before = await restored(commit);
    expect(await upgrade(level)).toEqual([]);
    const after = objects();
    const versions = (state: ReadonlyMap<string, KubeObject>) =>
      [...before.keys()].map((key) => `${key} ${state.get(key)?.metadata.resourceVersion ?? 'is gone'}`);
    expect(versions(after)).toEqual(versions(before));
  });

  test('a change of an instance causes one write of the affected child and one of the status, and no new revision', async () => {
    await restored(commit);
    await upgrade(level);
    expect(await writes(() => world.user.patch(instance('Web', 'shop'), { spec: { replicas: 4 } }))).toEqual([
      'PATCH /apis/apps/v1/namespaces/takeover/deployments/shop',
      'PATCH /apis/takeover.test/v1/namespaces/takeover/webs/shop/status',
    ]);
  });

  test('the controller continues a deletion that the earlier build began, and resumes a suspended instance', async () => {
    await restored(commit);
    await upgrade(level);
    expect(await writes(() => world.user.patch(configMap('leaving-high'), { metadata: { finalizers: null } }))).toEqual([
      'DELETE /api/v1/namespaces/takeover/configmaps/leaving-low',
      'PATCH /apis/takeover.test/v1/namespaces/takeover/stacks/leaving',
    ]);
    expect(objects().has('stacks.takeover.test takeover/leaving')).toBe(false);
    const resumed = { metadata: { annotations: { 'kro.run/reconcile': null } } };
    await writes(() => world.user.patch(instance('Pause', 'asleep'), resumed));
    expect(objects().get('pauses.takeover.test takeover/asleep')?.status?.['state']).toBe('ACTIVE');
  });

  test('the deletion of all instances and definitions deletes every child', async () => {
    await restored(commit);
    await upgrade(level);
    await world.user.patch(configMap('leaving-high'), { metadata: { finalizers: null } });
    const instances = [...objects().values()].filter(({ apiVersion }) => apiVersion.startsWith('takeover.test/'));
    for (const object of instances) {
      const ref = refOf(object);
      // Two instances may already be deleted: the child of another instance, and the instance whose deletion had begun.
      if ((await world.user.find(ref)) !== undefined) await world.user.delete(ref);
    }
    await world.settle();
    await world.advance(300_000);
    const partOf = 'applyset.kubernetes.io/part-of';
    const children = [...objects()].filter(([, { metadata }]) => metadata.labels?.[partOf] !== undefined);
    expect(children.map(([key]) => key)).toEqual([]);
    for (const object of objects().values()) {
      if (object.kind === 'ResourceGraphDefinition') await world.user.delete(refOf(object));
    }
    await world.settle();
    await world.advance(300_000);
    const left = [...objects().keys()].filter((key) => /^(?:resourcegraphdefinitions|graphrevisions)\./.test(key));
    expect(left).toEqual([]);
  });
});
