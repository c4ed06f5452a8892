import { afterEach, expect, test } from 'vitest';
import * as sim from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { readConditions } from '@typekro/engine/runtime';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };

/** A definition of the kind Pot under this name. */
function named(name: string): KubeObject {
  const definition = sim.potDefinition([sim.mapResource('one', { a: name })]);
  return { ...definition, metadata: { ...definition.metadata, name } };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

const LEVELS = ['0.9', '0.10'] as const;
const rows = LEVELS.flatMap((level) =>
  ['jars', 'pots'].flatMap((name) => [
    [level, name, 'while its CRD is being deleted', true, 0] as const,
    [level, name, 'while its CRD is being deleted and its kind is not served', true, 30_000] as const,
  ]),
);

test.each(rows)(
  'level %s: the definition %s takes the place of a deleted definition of the same kind %s',
  async (level, name, ...how) => {
    const [, isSlow, unservedMs] = how;
    world = await sim.virtualWorld({ controller: { allowCrdDeletion: true, kroCompatibility: level } });
    await world.apply(named('pots'));
    await world.advance(2000);
    await world.apply(sim.pot('shop'));
    await world.advance(2000);
    if (isSlow) await world.user.patch(CRD, { metadata: { finalizers: ['acme.test/slow'] } });
    await world.user.delete({ ...DEFINITION, name: 'pots' });
    if (isSlow || name === 'pots') await world.settle();
    const until = world.clock.now() + unservedMs;
    world.intercept = ({ path }) =>
      path.startsWith('/apis/acme.test') && world.clock.now() < until
        ? { status: 404, headers: {}, body: bytesOf('404 page not found') }
        : undefined;
    await world.apply(named(name));
    await world.advance(1000);
    if (isSlow) await world.user.patch(CRD, { metadata: { finalizers: [] } });
    await world.settle();
    await world.advance(900_000);
    expect((await world.user.find({ ...DEFINITION, name }))?.status?.['state']).toBe('Active');
    await world.apply(sim.pot('new'));
    await world.advance(2000);
    expect((await world.user.find(sim.potRef('new')))?.status?.['state']).toBe('ACTIVE');
  },
);

test.each(LEVELS)('level %s: KindReady names a CRD that is being deleted, and instances are deleted', async (level) => {
  world = await sim.virtualWorld({ controller: { kroCompatibility: level } });
  await world.apply(named('pots'));
  await world.advance(2000);
  await world.apply(sim.pot('shop'));
  await world.advance(2000);
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: ['kro.run/finalizer', 'acme.test/slow'] } });
  await world.user.delete(CRD);
  await world.advance(5000);
  const read = async () => {
    const { state, conditions } = (await world.user.find({ ...DEFINITION, name: 'pots' }))?.status ?? {};
    const { status, reason, message } = readConditions(conditions).find(({ type }) => type === 'KindReady') ?? {};
    return { state, status, reason, message };
  };
  expect(await read()).toEqual({
    state: 'Inactive',
    status: 'Unknown',
    reason: 'UnderDeletion',
    message: 'CRD pots.acme.test is being deleted with all of its instances, and is created again when it is gone',
  });
  // The controller deletes the objects of the instance, and removes its own finalizer.
  expect((await world.user.find(sim.potRef('shop')))?.metadata.finalizers).toEqual(['acme.test/slow']);
  expect(await world.user.find(sim.mapRef('shop-one'))).toBeUndefined();
  await world.user.patch(sim.potRef('shop'), { metadata: { finalizers: null } });
  await world.advance(900_000);
  expect(await read()).toMatchObject({ state: 'Active', status: 'True' });
  await world.apply(sim.pot('new'));
  await world.advance(2000);
  expect((await world.user.find(sim.potRef('new')))?.status?.['state']).toBe('ACTIVE');
});

test.each(LEVELS)('level %s: a kind that is deleted and defined again has no failure in between', async (level) => {
  world = await sim.virtualWorld({ controller: { kroCompatibility: level } });
  await world.apply(named('pots'));
  await world.advance(2000);
  await world.user.delete({ ...DEFINITION, name: 'pots' });
  await world.advance(2000);
  await world.user.delete(CRD);
  await world.advance(2000);
  const before = (await world.eventsOf('pots')).length;
  await world.apply(named('pots'));
  await world.advance(10_000);
  expect((await world.eventsOf('pots')).slice(before)).toEqual(['Active: the definition is Active']);
});
