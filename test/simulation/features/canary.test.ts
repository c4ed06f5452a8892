import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveDefinition } from '../../../packages/controller/src/controller/definition/live-definition.ts';
import type { JsonObject } from '@typekro/kit/core';
import { requestTo, failure } from '@typekro/testing/test-support/intercept-request';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

/** A ConfigMap whose data determines whether it is ready. */
const gated = (version: string): JsonObject => ({
  ...sim.mapResource('map', { version }),
  readyWhen: [version === 'v1' ? '${map.data.version == "v1"}' : '${map.data.?approved.orValue("") == "yes"}'],
});
const broken = sim.mapResource('map', { version: 'v2', bad: '${string(1 / (schema.spec.count - 1))}' });

async function define(resource: JsonObject, canary: string | undefined): Promise<void> {
  await world.apply(sim.potDefinition([resource], canary === undefined ? {} : { 'typekro.dev/canary': canary }));
  await world.advance(5000);
}

/** Returns, for each version, the names of the instances whose child has this version. */
async function versions(): Promise<Record<string, string[]>> {
  const { items } = await world.user.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  const found: Record<string, string[]> = {};
  for (const item of items) {
    const { version } = (item['data'] ?? {}) as JsonObject;
    if (typeof version === 'string') (found[version] ??= []).push((item.metadata.name ?? '').replace('-map', ''));
  }
  return found;
}

const approve = async (name: string) => {
  await world.user.patch(
    { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: `${name}-map` },
    { data: { approved: 'yes' } },
    { fieldManager: 'operator' },
  );
  await world.settle();
};
const rolledOut = async () => sim.conditionText(await world.user.get(sim.potsRef), 'RolledOut');

async function sixOnFirst(canary: string | undefined): Promise<void> {
  await define(gated('v1'), canary);
  for (const name of NAMES) await world.apply(sim.pot(name));
  await world.advance(MINUTE);
  expect(await versions()).toEqual({ v1: NAMES });
}

describe('a new revision of a definition with a canary', () => {
  it('is applied first to the allowed number of instances, and to all instances when those are ready, and causes no later writes', async () => {
    await sixOnFirst('2');
    await define(gated('v2'), '2');
    const { v1, v2 } = await versions();
    expect([v1?.length, v2?.length]).toEqual([4, 2]);
    expect(await rolledOut()).toBe(
      `Unknown CanaryWaiting: revision 2 goes to 2 of 6 instances first: ${v2?.map((name) => `default/${name}`).join(', ')}`,
    );
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'Ready')).toMatch(/^True/);

    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
    await world.restart();
    await world.advance(10 * MINUTE);
    expect(await versions()).toEqual({ v1, v2 });
    expect(sim.writesOf(world.requests)).toEqual([]);

    await approve(v2?.[0] ?? '');
    expect((await versions())['v2']).toEqual(v2);
    await approve(v2?.[1] ?? '');
    expect(await versions()).toEqual({ v2: NAMES });
    expect(await rolledOut()).toBe('True RolledOut: revision 2 goes to all instances');
    expect(await world.eventsOf('pots')).toContain('RolledOut: revision 2 goes to all instances');
  });

  it('is applied to a part of the instances when the annotation is a percentage', async () => {
    await sixOnFirst('40%');
    await define(gated('v2'), '40%');
    expect((await versions())['v2']).toHaveLength(3);
  });

  it('is held when an instance fails, with instance and reason named; the next revision starts from the last good one', async () => {
    await sixOnFirst('1');
    await define(broken, '1');
    expect(await versions()).toEqual({ v1: NAMES });
    const text = await rolledOut();
    expect(text).toMatch(
      /^False CanaryFailed: revision 2 is held back from 5 of 6 instances because of default\/[a-f]: .*division by zero/,
    );
    expect((await world.eventsOf('pots')).some((events) => events.startsWith('CanaryFailed: revision 2 is held'))).toBe(
      true,
    );
    expect(world.controller.metricsText()).toContain('typekro_canary_held_instances{name="pots"} 5');
    const [, name = ''] = /because of default\/([a-f])/.exec(text) ?? [];
    world.requests.length = 0;
    await world.advance(10 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
    await world.restart();
    expect(await rolledOut()).toBe(text);
    expect(sim.writesOf(world.requests)).toEqual([]);

    await define(gated('v3'), '1');
    expect(await versions()).toEqual({ v1: NAMES.filter((each) => each !== name), v3: [name] });
    await approve(name);
    expect(await versions()).toEqual({ v3: NAMES });
    expect(world.controller.metricsText()).toContain('typekro_canary_held_instances{name="pots"} 0');
  });

  it('is not held again when an instance that tried it fails after the roll-out is complete, also after a restart', async () => {
    await sixOnFirst('1');
    await define(gated('v2'), '1');
    const [first = ''] = (await versions())['v2'] ?? [];
    await approve(first);
    expect(await versions()).toEqual({ v2: NAMES });
    await world.user.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: `${first}-map` },
      { data: { approved: 'no' } },
      { fieldManager: 'operator' },
    );
    await world.settle();
    await world.restart();
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v2: NAMES });
  });

  it('does not change pinned and suspended instances, and new instances get the last good revision', async () => {
    await sixOnFirst('1');
    await world.apply(
      sim.pot('a', {}, { 'typekro.dev/revision': '1' }),
      sim.pot('b', {}, { 'kro.run/reconcile': 'suspended' }),
    );
    await define(gated('v2'), '1');
    await world.advance(2000);
    await world.apply(sim.pot('new'));
    const { v1, v2 } = await versions();
    expect(v1).toEqual(expect.arrayContaining(['a', 'b', 'new']));
    expect(v2).toHaveLength(1);
    await approve(v2?.[0] ?? '');
    expect((await versions())['v1']).toEqual(['a', 'b']);
  });

  it('is applied to another instance when the instance that tries it is deleted, and to all instances when the annotation is removed', async () => {
    await sixOnFirst('1');
    await define(gated('v2'), '1');
    const [first = ''] = (await versions())['v2'] ?? [];
    await world.user.delete({ ...sim.pot(first), name: first, namespace: 'default' });
    await world.settle();
    const [second = ''] = (await versions())['v2'] ?? [];
    expect(second).not.toBe(first);
    expect((await versions())['v1']).toHaveLength(4);
    await define(gated('v2'), undefined);
    expect((await versions())['v1']).toBeUndefined();
    expect(await rolledOut()).toBe('');
  });

  it('is applied to no instance if a newer revision replaces it before the choice of instances is recorded', async () => {
    await sixOnFirst('1');
    // The process stops before it can record the instances that try the revision.
    const records = requestTo('PATCH', /graphrevisions\/pots-r00002(?!\/status)/);
    world.intercept = (request) => (records(request) ? failure(500) : undefined);
    await define(gated('v2'), '1');
    await world.controller.stop();
    world.intercept = undefined;
    await world.user.apply(sim.potDefinition([gated('v3')], { 'typekro.dev/canary': '1' }), {
      fieldManager: 'user',
      force: true,
    });
    await world.restart();
    await world.advance(MINUTE);
    const { v1, v2, v3 } = await versions();
    expect([v1?.length, v2, v3?.length]).toEqual([5, undefined, 1]);
    await approve(v3?.[0] ?? '');
    expect(await versions()).toEqual({ v3: NAMES });
  });

  it('keeps all instances that already have it when the annotation is added', async () => {
    await sixOnFirst(undefined);
    await define(gated('v2'), undefined);
    expect(await versions()).toEqual({ v2: NAMES });
    world.requests.length = 0;
    await define(gated('v2'), '1');
    await world.advance(MINUTE);
    await world.restart();
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v2: NAMES });
    expect(sim.writesOf(world.requests).filter((line) => line.includes('configmaps'))).toEqual([]);
    expect(await rolledOut()).toBe('True RolledOut: revision 2 goes to all instances');

    await define(gated('v3'), '1');
    expect((await versions())['v3']).toHaveLength(1);
    expect((await versions())['v2']).toHaveLength(5);
  });

  it('is returned by liveDefinition only for the instances that the controller chose', async () => {
    await sixOnFirst('1');
    await world.apply(sim.pot('b', {}, { 'kro.run/reconcile': 'suspended' }));
    await define(gated('v2'), '1');
    await world.advance(2000);
    await world.apply(sim.pot('new'));
    const { v1 = [], v2: [first = ''] = [] } = await versions();
    expect(v1).toContain('new');
    const definition = await world.user.get(sim.potsRef);
    const { signal } = new AbortController();
    for (const [name, revision] of [
      [first, 2],
      ['b', 1],
      ['new', 1],
    ] as const) {
      const live = await liveDefinition(
        world.user,
        definition,
        await world.user.get(sim.potRef(name)),
        signal,
        assumedSettings('this test'),
      );
      expect([name, live.revision, live.notes[0]]).toEqual([
        name,
        revision,
        expect.stringMatching(/^revision 2 goes to 1 of 5 instances first: default\//) as string,
      ]);
    }
  });

  it('is not served while the annotation is invalid', async () => {
    await define(gated('v1'), 'some');
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'ControllerReady')).toBe(
      'False FailedToStart: annotation typekro.dev/canary: "some" is not a number of instances or a percentage, above 0',
    );
  });
});
