import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VirtualWorld } from '../../support/virtual-world.ts';
import {
  conditionText,
  mapRef,
  pot,
  potDefinition,
  potRef,
  virtualWorld,
  writesOf,
} from '../../support/virtual-world.ts';

const MINUTE = 60_000;

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

describe('an object that two instances may take over from each other', () => {
  it('is not taken over in a tight loop, and the condition of each instance names the ApplySet that changes the object', async () => {
    const template = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared' },
      data: { of: '${schema.metadata.name}' },
    };
    await world.apply(potDefinition([{ id: 'map', template }], { 'typekro.dev/adoption': 'take-over' }));
    await world.advance(5000);
    await world.apply(pot('a'), pot('b'));
    await world.advance(60 * MINUTE);
    // The first five takeovers have no pause. Later takeovers wait 10, 20, 40, … seconds.
    expect(writesOf(world.requests).filter((line) => line.endsWith('/shared')).length).toBeLessThan(40);
    const messages = (await Promise.all(['a', 'b'].map((name) => world.user.get(potRef(name))))).map((instance) =>
      conditionText(instance, 'ResourcesReady'),
    );
    for (const text of messages) {
      expect(text).toMatch(
        /^False NotReady: .*shared: metadata\.labels\["applyset\.kubernetes\.io\/part-of"\] repeatedly changed by ApplySet "applyset-/,
      );
    }

    await world.user.delete(potRef('a'));
    await world.advance(30 * MINUTE);
    expect((await world.user.get(mapRef('shared')))['data']).toEqual({ of: 'b' });
    expect(conditionText(await world.user.get(potRef('b')), 'Ready')).toMatch(/^True/);
  });
});
