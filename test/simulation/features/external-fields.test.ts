import { afterEach, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  potsRef,
  virtualWorld,
  writesOf,
} from '@typekro/testing/test-support/virtual-world';

let world: VirtualWorld;
afterEach(() => world.close());

const resource = mapResource('map', { owned: 'a', released: '${schema.spec.text}' });

async function open(isOn: boolean): Promise<void> {
  world = await virtualWorld({ controller: { features: { externalFields: isOn } } });
  await world.apply(potDefinition([{ ...resource, externalFields: ['data.released'] }]));
  await world.advance(5000);
}

const data = async () => (await world.user.get(mapRef('p-map')))['data'] as JsonObject | undefined;
const edit = async (values: JsonObject) => {
  await world.user.patch(mapRef('p-map'), { data: values });
  await world.advance(5000);
};
const textOf = (text: string) => ({ ...pot('p'), spec: { ...(pot('p').spec as JsonObject), text } });

it('off: the definition is refused, and the condition names the gate', async () => {
  await open(false);
  expect(conditionText(await world.user.get(potsRef), 'GraphAccepted')).toContain(
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
  expect(writesOf(world.requests)).toEqual([]);

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
  expect((await world.user.get(potRef('p'))).status).toMatchObject({ state: 'ACTIVE' });

  // A deleted object is created with all fields.
  await world.user.delete(mapRef('p-map'));
  await world.advance(30_000);
  expect(await data()).toEqual({ owned: 'a', released: 'three' });
});
