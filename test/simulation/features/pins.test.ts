import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VirtualWorld } from '../../support/virtual-world.ts';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
} from '../../support/virtual-world.ts';

const MINUTE = 60_000;

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld({ controller: { maxGraphRevisions: 2 } });
});
afterEach(() => world.close());

async function define(version: string): Promise<void> {
  await world.apply(potDefinition([mapResource('map', { version })]));
  await world.advance(5000);
}
const revisions = async () => {
  const { items } = await world.user.list({ apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' }, {});
  return items.map(({ metadata }) => metadata.name);
};

describe('a revision that an instance is pinned to', () => {
  it('outlives newer ones, also when a new process does not know the instances yet', async () => {
    await define('1');
    await world.apply(pot('old', {}, { 'typekro.dev/revision': '1' }));
    for (const version of ['2', '3', '4']) await define(version);
    expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
    await world.restart();
    await world.advance(MINUTE);
    expect(await revisions()).toEqual(['pots-r00001', 'pots-r00003', 'pots-r00004']);
    expect(conditionText(await world.user.get(potRef('old')), 'Ready')).toMatch(/^True/);
    expect((await world.user.get(mapRef('old-map')))['data']).toEqual({ version: '1' });

    await world.apply(pot('old'));
    await define('5');
    expect(await revisions()).toEqual(['pots-r00004', 'pots-r00005']);
  });
});
