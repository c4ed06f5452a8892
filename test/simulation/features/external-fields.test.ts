import { afterEach, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const resource = sim.mapResource('map', { owned: 'a', released: '${schema.spec.text}' });

async function open(isOn: boolean): Promise<void> {
  world = await sim.virtualWorld({ controller: { features: { externalFields: isOn } } });
  await world.apply(sim.potDefinition([{ ...resource, externalFields: ['data.released'] }]));
  await world.advance(5000);
}

const data = async () => (await world.user.get(sim.mapRef('p-map')))['data'] as JsonObject | undefined;
const edit = async (values: JsonObject) => {
  await world.user.patch(sim.mapRef('p-map'), { data: values });
  await world.advance(5000);
};
const textOf = (text: string) => ({ ...sim.pot('p'), spec: { ...(sim.pot('p').spec as JsonObject), text } });

it('off: the definition is refused, and the condition names the gate', async () => {
  await open(false);
  expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toContain(
    'externalFields requires the ExternalFields feature gate to be enabled',
  );
});

it('on: the controller sets the field until another manager writes it, and corrects the other fields', async () => {
  await open(true);
  await world.apply(textOf('one'));
  await world.advance(5000);
  expect(await data()).toEqual({ owned: 'a', released: 'one' });

  // Nobody else has written the field: the controller still changes it.
  await world.apply(textOf('two'));
  await world.advance(5000);
  expect(await data()).toEqual({ owned: 'a', released: 'two' });

  await edit({ released: 'other' });
  expect(await data()).toEqual({ owned: 'a', released: 'other' });
  world.requests.length = 0;
  await world.advance(600_000);
  expect(sim.writesOf(world.requests)).toEqual([]);

  // The drift of another field is corrected, and the released field stays.
  await edit({ owned: 'drift' });
  expect(await data()).toEqual({ owned: 'a', released: 'other' });

  // A new value in the instance does not take the field back, and neither does a new controller.
  await world.apply(textOf('three'));
  await world.advance(5000);
  expect(await data()).toEqual({ owned: 'a', released: 'other' });
  await world.restart();
  await world.advance(60_000);
  expect(await data()).toEqual({ owned: 'a', released: 'other' });
  expect((await world.user.get(sim.potRef('p'))).status).toMatchObject({ state: 'ACTIVE' });

  // A deleted object is created with all fields.
  await world.user.delete(sim.mapRef('p-map'));
  await world.advance(30_000);
  expect(await data()).toEqual({ owned: 'a', released: 'three' });
});
