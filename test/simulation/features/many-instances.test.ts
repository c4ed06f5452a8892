import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VirtualWorld } from '../../support/virtual-world.ts';
import { mapRef, mapResource, pot, potDefinition, potRef, virtualWorld } from '../../support/virtual-world.ts';

const COUNT = 60;
const names = Array.from({ length: COUNT }, (_, index) => `p${index}`);
const definition = (text: string) =>
  potDefinition([mapResource('a', { text }), mapResource('b', { text: '${a.data.text}' })]);

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

it('many instances are made, changed and deleted without anything that waits for a time to come', async () => {
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
