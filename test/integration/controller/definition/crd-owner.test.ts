import { afterEach, expect, test } from 'vitest';
import * as sim from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };

let world: sim.VirtualWorld;
afterEach(() => world.close());

/** A definition of the kind Pot with this name. The ConfigMaps of its instances contain the name. */
function named(name: string, annotations: Record<string, string> = {}): KubeObject {
  const definition = sim.potDefinition([sim.mapResource('map', { of: name })]);
  return { ...definition, metadata: { name, annotations } };
}

const kindReady = async (name: string) =>
  sim.conditionText(await world.user.get({ ...sim.potsRef, name }), 'KindReady');
const ownerOf = async (name: string) => (await world.user.get(sim.mapRef(`${name}-map`)))['data'];

test.each(['0.9', '0.10'] as const)(
  'level %s: when the owner label of a CRD is changed to another definition, only the other definition serves the kind',
  async (level) => {
    world = await sim.virtualWorld({ controller: { kroCompatibility: level } });
    await world.apply(named('one'));
    await world.advance(5000);
    await world.apply(sim.pot('p'), named('two'));
    await world.advance(5000);
    expect(await ownerOf('p')).toEqual({ of: 'one' });

    const labels = { 'kro.run/resource-graph-definition-name': 'two' };
    await world.user.patch(CRD, { metadata: { labels } });
    await world.advance(60_000);
    expect(await kindReady('one')).toBe(
      'False Failed: failed to update CRD pots.acme.test: CRD is owned by another ResourceGraphDefinition two',
    );
    expect(await kindReady('two')).toMatch(/^True/);
    expect(await ownerOf('p')).toEqual({ of: 'two' });

    world.requests.length = 0;
    await world.apply(named('one', { touched: 'yes' }));
    await world.advance(60_000);
    expect(sim.writesOf(world.requests).filter((line) => !line.includes('/status'))).toEqual([]);
    expect(await ownerOf('p')).toEqual({ of: 'two' });

    await world.user.delete({ ...sim.potsRef, name: 'one' });
    await world.advance(5000);
    await world.apply(sim.pot('q'));
    await world.advance(5000);
    expect(await ownerOf('q')).toEqual({ of: 'two' });
  },
);
