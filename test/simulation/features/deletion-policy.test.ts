import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
afterEach(() => world.close());

async function open(deletionPolicy: boolean, resources: JsonObject[]): Promise<void> {
  world = await sim.virtualWorld({ controller: { features: { deletionPolicy } } });
  await world.apply(sim.potDefinition(resources));
  await world.advance(5000);
}

const kept: JsonObject = {
  ...sim.mapResource('kept', { text: '${schema.spec.text}' }, { labels: { team: 'red' } }),
  deletionPolicy: 'Orphaned',
};
const reader = sim.mapResource('reader', { text: '${kept.data.text}' });

const keysOf = ({ metadata: { labels = {}, annotations = {} } }: KubeObject) => [
  ...Object.keys(labels),
  ...Object.keys(annotations),
];

describe('the gate DeletionPolicy', () => {
  it('off: the definition is refused, and the condition names the gate', async () => {
    await open(false, [kept]);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toContain(
      'deletionPolicy requires the DeletionPolicy feature gate to be enabled',
    );
  });

  it('on: the object with the policy Orphaned stays, without labels and annotations of kro, and the other object is deleted', async () => {
    await open(true, [kept, reader]);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    const before = await world.user.get(sim.mapRef('p-kept'));
    expect(before.metadata.annotations).toMatchObject({ 'internal.kro.run/deletion-policy': 'Orphaned' });
    world.requests.length = 0;
    await world.advance(60_000);
    expect(sim.writesOf(world.requests)).toEqual([]);

    await world.user.delete(sim.potRef('p'));
    await world.advance(30_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-reader'))).toBeUndefined();
    const after = await world.user.get(sim.mapRef('p-kept'));
    expect([keysOf(after), after.metadata.uid, after['data']]).toEqual([['team'], before.metadata.uid, before['data']]);
    world.requests.length = 0;
    await world.advance(60_000);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });

  it('the next instance of the same name takes the orphaned object over, and the object stays again when its node is removed from the definition', async () => {
    await open(true, [kept]);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    const { uid } = (await world.user.get(sim.mapRef('p-kept'))).metadata;
    await world.user.delete(sim.potRef('p'));
    await world.advance(30_000);
    await world.apply(sim.pot('p', { text: 'y' }));
    await world.advance(5000);
    const adopted = await world.user.get(sim.mapRef('p-kept'));
    expect([adopted['data'], adopted.metadata.uid]).toEqual([{ text: 'y' }, uid]);
    expect(adopted.metadata.labels).toMatchObject({ 'kro.run/owned': 'true' });

    await world.apply(sim.potDefinition([sim.mapResource('other', { text: 'x' })]));
    await world.advance(30_000);
    const left = await world.user.get(sim.mapRef('p-kept'));
    expect([keysOf(left), left.metadata.uid, left['data']]).toEqual([['team'], uid, { text: 'y' }]);
    expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
  });

  it('turned off again: the objects that have the policy stay', async () => {
    await open(true, [kept]);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    await world.restart({ features: {} });
    await world.advance(5000);
    await world.user.delete(sim.potRef('p'));
    await world.advance(30_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(keysOf(await world.user.get(sim.mapRef('p-kept')))).toEqual(['team']);
  });
});
