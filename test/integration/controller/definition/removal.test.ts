import { afterEach, expect, test } from 'vitest';
import { failure, requestTo } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;
const WAIT = { 'typekro.dev/deletion-policy': 'wait' };

let world: sim.VirtualWorld;
afterEach(() => world.close());

const define = async (annotations: Record<string, string>) => {
  await world.apply(sim.potDefinition([sim.mapResource('map', { a: 'b' })], annotations));
  await world.advance(5000);
};

/** The condition ControllerReady of the definition; `undefined` when the definition is gone. */
const heldBy = async () => {
  const definition = await world.user.find(sim.potsRef);
  return definition === undefined ? undefined : sim.conditionText(definition, 'ControllerReady');
};

test.each([
  [500, 'InternalError', 'etcd is slow'],
  [403, 'Forbidden', 'pots.acme.test is forbidden'],
  [404, 'NotFound', 'the server has no kind "Pot" in version "acme.test/v1"'],
])(
  'a definition that waits for its instances stays while their list fails with %i',
  async (status, reason, message) => {
    world = await sim.virtualWorld();
    await define(WAIT);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    const lists = requestTo('GET', /^\/apis\/acme\.test\/v1\/pots/);
    world.intercept = (request) => (lists(request) ? failure(status, reason, message) : undefined);
    await world.controller.stop();
    await world.user.delete(sim.potsRef);
    await world.restart();
    await world.advance(MINUTE);
    expect(await heldBy()).toBe(`Unknown UnderDeletion: deletion waits: the instances cannot be listed: ${message}`);

    world.intercept = undefined;
    await world.advance(MINUTE);
    expect(await heldBy()).toBe('Unknown UnderDeletion: deletion waits for an instance: default/p (not deleted)');
    await world.user.delete(sim.potRef('p'));
    await world.advance(MINUTE);
    expect(await heldBy()).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
  },
);

test('a definition that waits for its instances stays while an annotation is invalid', async () => {
  world = await sim.virtualWorld();
  await define(WAIT);
  await world.apply(sim.pot('p'));
  await world.advance(5000);
  await define({ ...WAIT, 'typekro.dev/canary': 'some' });
  await world.user.delete(sim.potsRef);
  await world.user.delete(sim.potRef('p'));
  await world.advance(MINUTE);
  expect(await heldBy()).toBe(
    'Unknown UnderDeletion: deletion waits: annotation typekro.dev/canary: "some" is not a number of instances or a percentage, above 0',
  );

  await world.user.patch(sim.potsRef, { metadata: { annotations: { 'typekro.dev/canary': null } } });
  await world.advance(MINUTE);
  expect(await heldBy()).toBeUndefined();
  expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
});

test('a definition with an invalid annotation and without a CRD is released', async () => {
  world = await sim.virtualWorld();
  await define(WAIT);
  await define({ ...WAIT, 'typekro.dev/canary': 'some' });
  await world.user.delete({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'pots.acme.test',
  });
  await world.user.delete(sim.potsRef);
  await world.advance(MINUTE);
  expect(await heldBy()).toBeUndefined();
});
