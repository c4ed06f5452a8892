import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveDefinition } from '../../../packages/controller/src/controller/definition/live-definition.ts';
import type { JsonObject } from '@typekro/kit/core';
import * as sim from '@typekro/testing/test-support/virtual-world';

const MINUTE = 60_000;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld({ controller: { features: { propagateWhen: true } } });
});
afterEach(() => world.close());

/** Applies a definition. Its child is ready when the annotation `ok` names the version. */
async function define(version: string, propagateWhen?: string, annotations: Record<string, string> = {}) {
  const map: JsonObject = {
    ...sim.mapResource('map', { version }),
    readyWhen: ["${map.metadata.?annotations.ok.orValue('') == map.data.version}"],
  };
  const definition = sim.potDefinition([map], annotations);
  const more = propagateWhen === undefined ? {} : { propagateWhen: [propagateWhen] };
  await world.apply({ ...definition, spec: { ...definition.spec, ...more } });
  await world.advance(5000);
}

async function versions(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const name of NAMES) {
    const object = await world.user.find(sim.mapRef(`${name}-map`));
    if (object !== undefined) (found[String((object['data'] as JsonObject)['version'])] ??= []).push(name);
  }
  return found;
}

async function approve(version: string, names: readonly string[] = NAMES): Promise<void> {
  for (const name of names) {
    await world.user.patch(
      sim.mapRef(`${name}-map`),
      { metadata: { annotations: { ok: version } } },
      { type: 'merge' },
    );
  }
  await world.advance(5000);
}

async function fiveOnFirst(propagateWhen?: string): Promise<void> {
  await define('v1', propagateWhen);
  for (const name of NAMES) await world.apply(sim.pot(name));
  await world.advance(5000);
  await approve('v1');
  expect(await versions()).toEqual({ v1: NAMES });
}

const BATCHES = '${exponentiallyReady(pot, pots)}';
const propagated = async () => sim.conditionText(await world.user.get(sim.potsRef), 'Propagated');
const revisionOf = async (name: string) =>
  sim.conditionText(await world.user.get(sim.potRef(name)), 'RevisionReconciled');

async function followed(name: string) {
  const [definition, instance] = [await world.user.get(sim.potsRef), await world.user.get(sim.potRef(name))];
  const { revision, notes } = await liveDefinition(
    world.user,
    definition,
    instance,
    new AbortController().signal,
    assumedSettings('this test'),
  );
  return { revision, notes: notes.filter((note) => !note.startsWith('the definition is not Propagated')) };
}

describe('spec.propagateWhen of a definition', () => {
  it('applies a revision in batches, names the held instances, and continues after a restart without needless writes', async () => {
    await fiveOnFirst();
    await define('v2', BATCHES);
    const [first = ''] = (await versions())['v2'] ?? [];
    expect((await versions())['v2']).toHaveLength(1);
    expect(await propagated()).toMatch(
      /^False Held: revision 2 is held back from 4 of 5 instances by propagateWhen: default\/[a-e]: exponentiallyReady\(pot, pots\) is false; .*; and 1 more$/,
    );
    expect(await revisionOf(first)).toBe('True 2: the instance follows revision 2');
    const held = NAMES.find((name) => name !== first) ?? '';
    expect(await revisionOf(held)).toBe('False 1: the instance stays with revision 1, although the newest is 2');
    expect(sim.conditionText(await world.user.get(sim.potRef(held)), 'Ready')).toMatch(/^True/);
    // Commands such as `why` and `pin` also find the revision that the instance follows.
    expect(await followed(first)).toEqual({ revision: 2, notes: [] });
    expect(await followed(held)).toEqual({
      revision: 1,
      notes: ['the instance follows revision 1 until propagateWhen of the definition allows revision 2'],
    });

    world.requests.length = 0;
    await world.restart();
    await world.advance(10 * MINUTE);
    expect((await versions())['v2']).toEqual([first]);
    expect(sim.writesOf(world.requests)).toEqual([]);

    await approve('v2', [first]);
    const second = (await versions())['v2'] ?? [];
    expect(second).toHaveLength(3);
    await approve('v2', second);
    expect(await versions()).toEqual({ v2: NAMES });
    expect(await propagated()).toBe('True Propagated: revision 2 goes to all instances');
    await approve('v2');
    world.requests.length = 0;
    await world.restart();
    await world.advance(10 * MINUTE);
    expect(sim.writesOf(world.requests)).toEqual([]);
  });

  it('keeps an instance on its recorded revision when the next revision is held back', async () => {
    await fiveOnFirst(BATCHES);
    await define('v2', BATCHES);
    const [first = ''] = (await versions())['v2'] ?? [];
    // No instance is ready with the second revision. Therefore the condition of the third revision is always false.
    // With the condition of the second, the third would go to the same instance first.
    await define('v3', "${pot.metadata.name == 'none'}");
    expect(await versions()).toEqual({ v1: NAMES.filter((name) => name !== first), v2: [first] });
    await world.restart();
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v1: NAMES.filter((name) => name !== first), v2: [first] });
    expect(await revisionOf(first)).toBe('False 2: the instance stays with revision 2, although the newest is 3');
  });

  it('does not give a new instance a revision that was held back from other instances', async () => {
    // The first revision also has conditions, and goes to all instances.
    await fiveOnFirst(BATCHES);
    await define('v2', BATCHES);
    expect((await versions())['v2']).toHaveLength(1);
    await define('v3', "${pot.metadata.name == 'none'}");
    await world.apply(sim.pot('f'));
    await world.advance(5000);
    const versionOfNew = async () => (await world.user.get(sim.mapRef('f-map')))['data'];
    expect(await versionOfNew()).toEqual({ version: 'v1' });
    expect(await revisionOf('f')).toBe('False 1: the instance stays with revision 1, although the newest is 3');
    await world.restart();
    await world.advance(MINUTE);
    expect(await versionOfNew()).toEqual({ version: 'v1' });

    // A new instance outside the canary of the fourth revision also gets the first revision.
    await define('v4', "${pot.metadata.name == 'none'}", { 'typekro.dev/canary': '1' });
    await world.apply(sim.pot('g'));
    await world.advance(5000);
    expect((await world.user.get(sim.mapRef('g-map')))['data']).toEqual({ version: 'v1' });

    // A revision without conditions goes to all instances. New instances then get this revision.
    await define('v5');
    await define('v6', "${pot.metadata.name == 'none'}");
    await world.apply(sim.pot('h'));
    await world.advance(5000);
    expect((await world.user.get(sim.mapRef('h-map')))['data']).toEqual({ version: 'v5' });
  });

  it('reads fields of the instances, does not change pinned instances, and ends when the condition is removed', async () => {
    await fiveOnFirst();
    await world.apply(sim.pot('a', { text: 'go' }), sim.pot('b', { text: 'go' }, { 'typekro.dev/revision': '1' }));
    await define('v2', "${pot.spec.text == 'go'}");
    expect(await versions()).toEqual({ v1: ['b', 'c', 'd', 'e'], v2: ['a'] });
    // An instance that follows the revision keeps it even if its condition becomes false.
    await world.apply(sim.pot('a', { text: 'stop' }));
    await world.restart();
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v1: ['b', 'c', 'd', 'e'], v2: ['a'] });
    expect(await propagated()).toMatch(/^False Held: revision 2 is held back from 3 of 4 instances /);
    await define('v2');
    expect(await versions()).toEqual({ v1: ['b'], v2: ['a', 'c', 'd', 'e'] });
    expect(await propagated()).toBe('');
    expect(await revisionOf('a')).toBe('');
  });

  it('takes effect after the canary', async () => {
    await fiveOnFirst();
    await define('v2', "${pot.metadata.name != 'none'}", { 'typekro.dev/canary': '2' });
    const first = (await versions())['v2'] ?? [];
    expect(first).toHaveLength(2);
    await approve('v2', first);
    expect(await versions()).toEqual({ v2: NAMES });
  });

  it.each([
    ['${pots.filter(p, !p.ready()).size() == 0}', 'one unready instance stops the other instances'],
    ['${pot.ready()}', 'only ready instances get the revision'],
  ])('knows which instances are ready with an earlier revision: %s', async (when) => {
    await fiveOnFirst();
    await world.user.patch(sim.mapRef('c-map'), { metadata: { annotations: { ok: 'no' } } }, { type: 'merge' });
    await world.advance(5000);
    await define('v2', when);
    const all = when.includes('filter');
    expect(await versions()).toEqual(all ? { v1: NAMES } : { v1: ['c'], v2: NAMES.filter((name) => name !== 'c') });
    await approve('v1', ['c']);
    expect(Object.keys(await versions())).toEqual(['v2']);
  });

  it('does not change the revision of a suspended instance', async () => {
    await fiveOnFirst();
    await define('v2', "${pot.metadata.name in ['a', 'b']}");
    expect(await versions()).toEqual({ v1: ['c', 'd', 'e'], v2: ['a', 'b'] });
    await world.apply(
      sim.pot('a', {}, { 'kro.run/reconcile': 'suspended' }),
      sim.pot('c', {}, { 'kro.run/reconcile': 'suspended' }),
    );
    await world.advance(5000);
    expect(await revisionOf('a')).toBe('True 2: the instance follows revision 2');
    expect(await revisionOf('c')).toBe('False 1: the instance stays with revision 1, although the newest is 2');
    await define('v3', "${pot.metadata.name == 'none'}");
    await world.apply(sim.pot('a'), sim.pot('c'));
    await world.advance(5000);
    expect(await versions()).toEqual({ v1: ['c', 'd', 'e'], v2: ['a', 'b'] });
  });

  it('keeps an instance on its recorded revision while a canary tries a newer revision', async () => {
    await fiveOnFirst();
    await define('v2', "${pot.metadata.name == 'a'}");
    await approve('v2', ['a']);
    await define('v3', "${pot.metadata.name == 'a'}", { 'typekro.dev/canary': '1' });
    const { v1 = [], v2 = [], v3 = [] } = await versions();
    expect(v3).toHaveLength(1);
    expect([...v1, ...v3]).toEqual(expect.arrayContaining(['b', 'c', 'd', 'e']));
    expect(v2.filter((name) => name !== 'a')).toEqual([]);
  });

  it('can wait for a time that it compares with now()', async () => {
    await world.restart({ features: { propagateWhen: true, now: true } });
    await fiveOnFirst();
    const at = new Date(world.clock.now() + 10 * MINUTE).toISOString();
    await define('v2', `\${now() > timestamp('${at}')}`);
    await world.advance(5 * MINUTE);
    expect(await versions()).toEqual({ v1: NAMES });
    await world.advance(7 * MINUTE);
    expect(await versions()).toEqual({ v2: NAMES });
  });

  it('gives new instances the revision that all instances follow, without evaluating its conditions, also after a restart', async () => {
    await fiveOnFirst();
    await define('v2', "${pots.all(p, p.updated() || p.metadata.name != 'f')}");
    expect(await versions()).toEqual({ v2: NAMES });
    await world.controller.stop();
    await world.apply(sim.pot('f'));
    expect(await followed('f')).toEqual({ revision: 2, notes: [] });
    await world.restart();
    await world.advance(5000);
    expect((await world.user.get(sim.mapRef('f-map')))['data']).toEqual({ version: 'v2' });
  });

  it('while the gate is off, serves the newest of the revisions that have no conditions, and writes no objects if every revision has conditions', async () => {
    await fiveOnFirst();
    await define('v2', "${pot.metadata.name == 'a'}");
    expect(await versions()).toEqual({ v1: ['b', 'c', 'd', 'e'], v2: ['a'] });
    await world.restart({ features: {} });
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v1: NAMES });
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toContain(
      'PropagateWhen feature gate',
    );
    await world.restart();
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v1: ['b', 'c', 'd', 'e'], v2: ['a'] });
    const first = { apiVersion: 'internal.kro.run/v1alpha1', kind: 'GraphRevision', name: 'pots-r00001' };
    await world.user.delete(first);
    await world.restart({ features: {} });
    await world.advance(MINUTE);
    expect(await versions()).toEqual({ v1: ['b', 'c', 'd', 'e'], v2: ['a'] });
    await world.user.delete(sim.potRef('b'));
    await world.advance(MINUTE);
    expect((await versions())['v1']).toEqual(['c', 'd', 'e']);
    await world.restart();
    await world.advance(MINUTE);
    // There is no earlier revision that instances could keep.
    expect(await versions()).toEqual({ v2: ['a', 'c', 'd', 'e'] });
  });
});
