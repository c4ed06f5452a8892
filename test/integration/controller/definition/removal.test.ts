import { afterEach, expect, test } from 'vitest';
import { failure, requestTo } from '@typekro/testing/test-support/intercept-request';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potDefinition,
  potRef,
  potsRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;
const WAIT = { 'typekro.dev/deletion-policy': 'wait' };

let world: VirtualWorld;
afterEach(() => world.close());

const define = async (annotations: Record<string, string>) => {
  await world.apply(potDefinition([mapResource('map', { a: 'b' })], annotations));
  await world.advance(5000);
};

/** The condition ControllerReady of the definition; `undefined` when the definition is gone. */
const heldBy = async () => {
  const definition = await world.user.find(potsRef);
  return definition === undefined ? undefined : conditionText(definition, 'ControllerReady');
};

test.each([
  [500, 'InternalError', 'etcd is slow'],
  [403, 'Forbidden', 'pots.acme.test is forbidden'],
  [404, 'NotFound', 'the server has no kind "Pot" in version "acme.test/v1"'],
])(
  'a definition that waits for its instances stays while their list fails with %i',
  async (status, reason, message) => {
    world = await virtualWorld();
    await define(WAIT);
    await world.apply(pot('p'));
    await world.advance(5000);
    const lists = requestTo('GET', /^\/apis\/acme\.test\/v1\/pots/);
    world.intercept = (request) => (lists(request) ? failure(status, reason, message) : undefined);
    await world.controller.stop();
    await world.user.delete(potsRef);
    await world.restart();
    await world.advance(MINUTE);
    expect(await heldBy()).toBe(`Unknown UnderDeletion: deletion waits: the instances cannot be listed: ${message}`);

    world.intercept = undefined;
    await world.advance(MINUTE);
    expect(await heldBy()).toBe('Unknown UnderDeletion: deletion waits for an instance: default/p (not deleted)');
    await world.user.delete(potRef('p'));
    await world.advance(MINUTE);
    expect(await heldBy()).toBeUndefined();
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
  },
);

test('a definition that waits for its instances stays while an annotation is invalid', async () => {
  world = await virtualWorld();
  await define(WAIT);
  await world.apply(pot('p'));
  await world.advance(5000);
  await define({ ...WAIT, 'typekro.dev/canary': 'some' });
  await world.user.delete(potsRef);
  await world.user.delete(potRef('p'));
  await world.advance(MINUTE);
  expect(await heldBy()).toBe(
    'Unknown UnderDeletion: deletion waits: annotation typekro.dev/canary: "some" is not a number of instances or a percentage, above 0',
  );

  await world.user.patch(potsRef, { metadata: { annotations: { 'typekro.dev/canary': null } } });
  await world.advance(MINUTE);
  expect(await heldBy()).toBeUndefined();
  expect(await world.user.find(potRef('p'))).toBeUndefined();
});

test('a definition with an invalid annotation and without a CRD is released', async () => {
  world = await virtualWorld();
  await define(WAIT);
  await define({ ...WAIT, 'typekro.dev/canary': 'some' });
  await world.user.delete({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'pots.acme.test',
  });
  await world.user.delete(potsRef);
  await world.advance(MINUTE);
  expect(await heldBy()).toBeUndefined();
});
