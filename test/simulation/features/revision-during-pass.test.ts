import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

/** Delays the next write of a ConfigMap whose name begins with `name`, until `release` is called. */
function holdWriteOf(name: string): { readonly isHeld: () => boolean; readonly release: () => void } {
  let release = () => {};
  let isHeld = false;
  const transport = world.cluster.transport();
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  world.intercept = (request) => {
    if (isHeld || request.method === 'GET' || !request.path.includes(`/configmaps/${name}`)) return undefined;
    isHeld = true;
    return gate.then((): Promise<sim.Answer> => transport.request(request));
  };
  return { isHeld: () => isHeld, release: () => release() };
}

/**
 * A definition with two nodes. If `includeWhen` is given, the second node is included only if this condition is true.
 */
function definition(includeWhen?: string) {
  const extra: JsonObject = sim.mapResource('extra', { text: 'always' });
  const first = sim.mapResource('first', { count: '${string(schema.spec.count)}' });
  return sim.potDefinition([first, includeWhen === undefined ? extra : { ...extra, includeWhen: [includeWhen] }]);
}

it('a pass that began with the previous revision never reads a spec that the user writes after the new revision', async () => {
  await world.apply(definition('${schema.spec.text == "one"}'));
  await world.advance(5000);
  await world.apply(sim.pot('p', { text: 'one', count: 1 }));
  await world.advance(5000);
  const made = await world.user.get(sim.mapRef('p-extra'));

  const held = holdWriteOf('p-first');
  await world.apply(sim.pot('p', { text: 'one', count: 2 }));
  await world.settle();
  expect(held.isHeld()).toBe(true);
  await world.apply(definition());
  await world.settle();
  await world.apply(sim.pot('p', { text: 'two', count: 2 }));
  await world.settle();
  world.requests.length = 0;
  held.release();
  await world.advance(5000);

  expect(world.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  expect((await world.user.get(sim.mapRef('p-extra'))).metadata.uid).toBe(made.metadata.uid);
  expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
});
