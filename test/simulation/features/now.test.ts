import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld({ controller: { features: { now: true } } });
});
afterEach(() => world.close());

async function define(resources: JsonObject[], status: JsonObject = {}): Promise<void> {
  const definition = sim.potDefinition(resources);
  const schema = { ...(definition.spec?.['schema'] as JsonObject), status };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(5000);
}
/** The writes of a restarted controller, half an hour after the last change. */
async function writesOfRestart(): Promise<string[]> {
  await world.advance(30 * MINUTE);
  world.requests.length = 0;
  await world.restart();
  await world.advance(MINUTE);
  return sim.writesOf(world.requests);
}

describe('the time that now() returns', () => {
  it('does not change with a restart, regardless of where now() is called', async () => {
    const soon = new Date(world.clock.now() + 10 * MINUTE).toISOString();
    await define([
      sim.mapResource('map', { at: '${string(now())}' }),
      { ...sim.mapResource('late', { a: 'b' }), includeWhen: [`\${now() > timestamp("${soon}")}`] },
      { ...sim.mapResource('gate', { a: 'b' }), readyWhen: [`\${gate.data.a == "b" && now() < timestamp("${soon}")}`] },
    ]);
    await world.apply(sim.pot('p'));
    expect(await writesOfRestart()).toEqual([]);
    expect(await world.user.find(sim.mapRef('p-late'))).toBeUndefined();
  });

  it.each([
    [
      'a condition of a node',
      [{ ...sim.mapResource('late', { a: 'b' }), includeWhen: ['${now() > timestamp("2026-01-01T00:05:00Z")}'] }],
      {},
    ],
    [
      "the author's conditions",
      [sim.mapResource('map', { a: 'b' })],
      {
        conditions: [
          '${runtime.newCondition({type: "Seen", status: map.data.a == "b" ? "True" : "False", message: string(now())})}',
        ],
      },
    ],
  ])('is recorded even if now() is called only in %s', async (_name, resources, status) => {
    await define(resources, status);
    await world.apply(sim.pot('p'));
    expect(await writesOfRestart()).toEqual([]);
  });

  it('stays the same if the instance is pinned to a missing revision for some time', async () => {
    await define([sim.mapResource('map', { at: '${string(now())}' })]);
    await world.apply(sim.pot('p'));
    const before = (await world.user.get(sim.mapRef('p-map')))['data'];
    await world.apply(sim.pot('p', {}, { 'typekro.dev/revision': '9' }));
    await world.advance(MINUTE);
    expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ERROR');
    await world.restart();
    await world.apply(sim.pot('p'));
    await world.advance(MINUTE);
    expect((await world.user.get(sim.potRef('p'))).status?.['state']).toBe('ACTIVE');
    expect((await world.user.get(sim.mapRef('p-map')))['data']).toEqual(before);
  });
});
