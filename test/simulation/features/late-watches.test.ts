import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Answer, VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import {
  conditionText,
  mapResource,
  pot,
  potDefinition,
  potsRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';

let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

/** Starts a controller whose watch of definitions can be paused: `hold` pauses the watch, and `open` resumes it. */
async function holdDefinitions(): Promise<{ readonly hold: () => void; readonly open: () => void }> {
  let open = () => {};
  let gate = Promise.resolve();
  async function* held(body: Answer['body']): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      await gate;
      yield chunk;
    }
  }
  const transport = world.cluster.transport();
  world.intercept = (request) => {
    if (!/resourcegraphdefinitions\?.*watch=true/.test(request.path)) return undefined;
    return transport.request(request).then((answer) => ({ ...answer, body: held(answer.body) }));
  };
  await world.restart();
  const hold = () => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
  };
  return { hold, open: () => open() };
}

const definition = potDefinition([mapResource('map', { text: 'one' })]);
const cases: readonly (readonly [string, readonly KubeObject[], string])[] = [
  ['deleted', [], ''],
  ['replaced', [definition], 'True'],
];

it.each(cases)(
  'while its watch of definitions is late, the controller does not create one revision after another for a definition that was %s',
  async (_, then, ready) => {
    await world.apply(definition);
    await world.advance(5000);
    await world.apply(pot('p'));
    const watch = await holdDefinitions();
    watch.hold();
    await world.user.patch(potsRef, { metadata: { finalizers: [] } });
    await world.user.delete(potsRef);
    for (const object of then) await world.user.create(object);
    world.requests.length = 0;
    await world.settle();
    await world.advance(5000);
    expect(world.requests.filter(({ method }) => method === 'POST').length).toBeLessThan(4);
    watch.open();
    await world.advance(5000);
    expect(conditionText(await world.user.find(potsRef), 'Ready').slice(0, 4)).toBe(ready);
  },
);
