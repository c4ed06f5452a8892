import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';

const COUNT = 60;
const names = Array.from({ length: COUNT }, (_, index) => `p${index}`);
const definition = (text: string) =>
  potDefinition([mapResource('a', { text }), mapResource('b', { text: '${a.data.text}' })]);

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

it('many instances are created, changed and deleted without a wait for a timer', async () => {
  await world.apply(definition('one'));
  await world.advance(5000);
  const began = world.clock.now();
  for (const name of names) await world.user.create(pot(name));
  await world.settle();
  for (const name of names) expect((await world.user.get(potRef(name))).status?.['state']).toBe('ACTIVE');
  await world.restart();
  await world.apply(definition('two'));
  for (const name of names) expect((await world.user.get(mapRef(`${name}-b`)))['data']).toEqual({ text: 'two' });
  for (const name of names) await world.user.delete(potRef(name));
  await world.settle();
  for (const name of names) expect(await world.user.find(potRef(name))).toBeUndefined();
  expect(world.clock.now()).toBe(began);
});

/** The series of the metric that counts passes of instances. */
function passes(): string[] {
  return world.controller
    .metricsText()
    .split('\n')
    .filter((line) => line.startsWith('instance_reconcile_total{') && line.includes('pots'));
}

it('a definition that reads more fields of a kind causes no pass of the instances of other definitions', async () => {
  const resources = [mapResource('a', { text: 'one', more: '1' }), mapResource('b', { text: '${a.data.text}' })];
  await world.apply(potDefinition(resources));
  for (const name of names) await world.user.create(pot(name));
  await world.settle();
  const before = passes();
  expect(before).toHaveLength(1);
  const spec = {
    schema: { apiVersion: 'v1', kind: 'Kettle', group: 'acme.test', spec: {}, status: { fields: '${size(map.data)}' } },
    resources: [{ id: 'map', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'p1-a' } } }],
  };
  await world.apply({ ...definition('one'), metadata: { name: 'kettles' }, spec });
  const kettle = { apiVersion: 'acme.test/v1', kind: 'Kettle', metadata: { name: 'k', namespace: 'default' } };
  await world.user.create(kettle);
  await world.settle();
  const live = await world.user.get({ ...potRef('k'), kind: 'Kettle' });
  expect(live.status).toMatchObject({ state: 'ACTIVE', fields: 2 });
  expect(passes()).toEqual(before);
});
