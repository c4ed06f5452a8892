import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanWorld } from '../../test-support/plan-world.ts';
import { planWorld } from '../../test-support/plan-world.ts';
import { mapRef, mapResource, pot, potDefinition, potRef } from '@typekro/testing/test-support/virtual-world';

let place: PlanWorld;
beforeAll(async () => {
  place = await planWorld();
});
afterAll(() => place.close());

test('an instance can be deleted when no revision of its definition compiles', async () => {
  const { world } = place;
  await world.apply(potDefinition([mapResource('map', { a: 'b' })]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
  await world.controller.stop();
  const type = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision' };
  for (const { metadata } of (await world.user.list(type)).items) {
    const ref = { ...type, name: metadata.name ?? '' };
    await world.user.patch(ref, { metadata: { finalizers: null } });
    await world.user.delete(ref);
  }
  await world.apply(potDefinition([mapResource('map', { a: '${schema.spec.nothing}' })]));
  await world.restart();
  await world.advance(2000);
  const { out } = await place.run('plan --delete FILE', pot('shop'));
  expect(out.split('\n').slice(0, 5)).toMatchInlineSnapshot(`
    [
      "Instances 1   deleted 1",
      "  default/shop  ? deleted: no revision of pots compiles: undefined field 'nothing'; the controller deletes the objects that have the labels of the instance",
      "                - the instance",
      "",
      "Plan: 1 to delete.",
    ]
  `);
  const saved = await place.save('plan --delete FILE', pot('shop'));
  expect(await place.run(`apply ${saved}`)).toMatchObject({ code: 0, err: '' });
  await world.advance(5000);
  expect(await world.user.find(potRef('shop'))).toBeUndefined();
  expect(await world.user.find(mapRef('shop-map'))).toBeUndefined();
});
