import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster, ClusterSnapshot } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KubeClient } from '@typekro/kube';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
  writesOf,
} from '@typekro/testing/test-support/virtual-world';

const MINUTE_MS = 60_000;

let world: VirtualWorld;
let snapshot: ClusterSnapshot;
const opened: { close(): Promise<void> }[] = [];

/** Takes a snapshot with two instances. Then changes the first instance, deletes the second and creates a third. */
beforeEach(async () => {
  world = await virtualWorld();
  await world.apply(potDefinition([mapResource('map', { text: '${schema.spec.text}' })]));
  await world.advance(5000);
  await world.apply(pot('changed', { text: 'before' }), pot('deleted', { text: 'before' }));
  await world.advance(MINUTE_MS);
  snapshot = world.cluster.snapshot();
  await world.apply(pot('changed', { text: 'after' }), pot('created', { text: 'after' }));
  await world.user.delete(potRef('deleted'));
  await world.advance(MINUTE_MS);
  expect(await world.user.find(mapRef('deleted-map'))).toBeUndefined();
  world.requests.length = 0;
});
afterEach(async () => {
  await world.close();
  for (const part of opened.splice(0)) await part.close();
});

async function expectStateOfSnapshot(user: KubeClient): Promise<void> {
  for (const name of ['changed', 'deleted']) {
    expect((await user.get(mapRef(`${name}-map`)))['data']).toEqual({ text: 'before' });
    expect(conditionText(await user.get(potRef(name)), 'Ready')).toMatch(/^True/);
  }
  expect(await user.find(potRef('created'))).toBeUndefined();
  expect(await user.find(mapRef('created-map'))).toBeUndefined();
  expect(writesOf(world.requests).filter((line) => line.includes('/configmaps'))).toEqual([]);
  expect(world.log.some((line) => line.includes('restored to an earlier state'))).toBe(true);
}

/**
 * Changes a child as another client, and waits for the revert. Only a controller whose cache has the restored objects
 * reverts the change.
 */
async function expectDriftIsPutBack(user: KubeClient): Promise<void> {
  await user.patch(mapRef('deleted-map'), { data: { text: 'drift' } });
  await world.advance(MINUTE_MS);
  expect((await user.get(mapRef('deleted-map')))['data']).toEqual({ text: 'before' });
}

/** Creates a server from the snapshot. Its resource versions are lower than the versions that the controller knows. */
async function restoredServer(): Promise<{ readonly cluster: Cluster; readonly user: KubeClient }> {
  const cluster = await createEmbeddedCluster({ clock: world.clock, workloads: false });
  cluster.restore(snapshot);
  const user = new KubeClient({ transport: cluster.transport(), clock: world.clock, userAgent: 'user' });
  opened.push(user, cluster);
  return { cluster, user };
}

describe('after the server was restored to an earlier state, the controller', () => {
  it('lists again when the server continues from its latest resource version', async () => {
    world.cluster.restore(snapshot);
    await world.advance(MINUTE_MS);
    await expectStateOfSnapshot(world.user);
    await expectDriftIsPutBack(world.user);
  });

  it('notices that the resource versions are lower than before, and lists again', async () => {
    const { cluster, user } = await restoredServer();
    world.intercept = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    await world.cluster.close();
    await world.advance(MINUTE_MS);
    const transport = cluster.transport();
    world.intercept = (request) => transport.request(request);
    await world.advance(MINUTE_MS);
    await expectStateOfSnapshot(user);
    await expectDriftIsPutBack(user);
  });
});
