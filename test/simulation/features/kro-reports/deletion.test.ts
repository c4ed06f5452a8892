import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { failure } from '@typekro/testing/test-support/intercept-request';
import {
  applyAll,
  crdRef,
  definition,
  instance,
  instanceRef,
  named,
  refOf,
  stateOf,
  textOf,
} from '../../../support/report-objects.ts';
import * as sim from '@typekro/testing/test-support/virtual-world';

/**
 * The cluster in which each scenario runs, with its controller. The scenarios come from reports of kro's users about
 * deletion. The numbers in the titles are issue numbers in kro's repository (kubernetes-sigs/kro). Each scenario
 * follows the steps of its report, or the description if the report has no steps. `docs/evidence.md` lists the reports.
 */
let world: sim.VirtualWorld;
beforeEach(async () => {
  world = await sim.virtualWorld();
});
afterEach(() => world.close());

describe('reports of kro’s users about deletion', () => {
  it('#1067: with the deletion policy "wait", a definition outlives its instances; without this policy, a deleted instance waits until the definition is created again', async () => {
    const pots = definition('pots', 'Pot', [sim.mapResource('map', { text: 'a' })]);
    const waits = { ...pots.metadata, annotations: { 'typekro.dev/deletion-policy': 'wait' } };
    await applyAll(world, { ...pots, metadata: waits }, sim.pot('p'));
    await world.user.delete(refOf('pots'));
    await world.advance(60_000);
    expect(await world.user.find(refOf('pots'))).toBeDefined();
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
    expect(await world.user.find(refOf('pots'))).toBeUndefined();

    await applyAll(world, pots, sim.pot('q'));
    await world.user.delete(refOf('pots'));
    await world.advance(60_000);
    expect((await world.eventsOf('pots')).at(-1)).toMatch(/^InstancesOrphaned: /);
    // As in kro, the deletion of an instance without its definition never ends.
    await world.user.delete(sim.potRef('q'));
    await world.advance(600_000);
    expect(await world.user.find(sim.potRef('q'))).toBeDefined();
    await applyAll(world, pots);
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('q'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('q-map'))).toBeUndefined();
  });

  it('#82: a definition with an error can be deleted', async () => {
    await applyAll(world, definition('pots', 'Pot', [sim.mapResource('map', { text: '${schema.spec.missing}' })]));
    expect(sim.conditionText(await world.user.get(refOf('pots')), 'Ready')).toMatch(/^False/);
    await world.user.delete(refOf('pots'));
    await world.advance(5000);
    expect(await world.user.find(refOf('pots'))).toBeUndefined();
  });

  it('#1316: an instance can be deleted after its external object, also if the children have finalizers', async () => {
    const shared: JsonObject = {
      id: 'shared',
      externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } },
    };
    const held = sim.mapResource('map', { text: '${shared.data.text}' });
    await world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace: 'default' },
      data: { text: 'a' },
    });
    await applyAll(world, definition('pots', 'Pot', [shared, held]), sim.pot('p'));
    await world.user.patch(sim.mapRef('p-map'), { metadata: { finalizers: ['acme.test/hold'] } });
    await world.user.delete(sim.mapRef('shared'));
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeDefined();
    await world.user.patch(sim.mapRef('p-map'), { metadata: { finalizers: null } });
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-map'))).toBeUndefined();
  });

  it('#985: the deletion of an instance deletes the instances in it, three levels deep', async () => {
    const inner = (kind: string): JsonObject => ({
      id: 'inner',
      template: { apiVersion: 'acme.test/v1', kind, metadata: { name: '${schema.metadata.name}' } },
    });
    await applyAll(
      world,
      definition('thirds', 'Third', [sim.mapResource('third', { text: 'c' })]),
      definition('seconds', 'Second', [sim.mapResource('second', { text: 'b' }), inner('Third')]),
      definition('firsts', 'First', [sim.mapResource('first', { text: 'a' }), inner('Second')]),
      instance('First', 'p'),
    );
    await world.advance(30_000);
    expect(await stateOf(world, 'First', 'p')).toBe('ACTIVE');
    expect(await textOf(world, 'p-third')).toEqual({ text: 'c' });
    await world.user.delete(instanceRef('First', 'p'));
    await world.advance(60_000);
    for (const kind of ['First', 'Second', 'Third'])
      expect(await world.user.find(instanceRef(kind, 'p')), kind).toBeUndefined();
    for (const name of ['p-first', 'p-second', 'p-third'])
      expect(await world.user.find(sim.mapRef(name)), name).toBeUndefined();
  });

  it('#483: an instance that was never completed is deleted with the objects that exist', async () => {
    // The object of the node `subnet` exists, but is never ready. The node `cluster` reads the id of the subnet, so its
    // object is never created.
    const subnet = { ...sim.mapResource('subnet', { text: 'a' }), readyWhen: ['${has(subnet.data.id)}'] };
    await applyAll(
      world,
      definition('pots', 'Pot', [subnet, sim.mapResource('cluster', { text: '${subnet.data.id}' })]),
      sim.pot('p'),
    );
    await world.advance(60_000);
    expect(await stateOf(world, 'Pot', 'p')).toBe('IN_PROGRESS');
    expect(await world.user.find(sim.mapRef('p-subnet'))).toBeDefined();
    expect(await world.user.find(sim.mapRef('p-cluster'))).toBeUndefined();
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('p-subnet'))).toBeUndefined();

    // The same scenario with an object that the API server refuses.
    await applyAll(
      world,
      definition('cups', 'Cup', [sim.mapResource('map', { text: 'a' }), named('bad', 'Not A Name', 'x')]),
      instance('Cup', 'c'),
    );
    expect(await stateOf(world, 'Cup', 'c')).toBe('ERROR');
    await world.user.delete(instanceRef('Cup', 'c'));
    await world.advance(60_000);
    expect(await world.user.find(instanceRef('Cup', 'c'))).toBeUndefined();
    expect(await world.user.find(sim.mapRef('c-map'))).toBeUndefined();
  });

  it('#428: a new field of the schema and its value, applied together, reach the instance, and the instance can then be deleted', async () => {
    const namespace: JsonObject = {
      id: 'space',
      template: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '${schema.spec.namespace}' } },
    };
    const mapIn = (where: string) => sim.mapResource('map', { text: '${schema.spec.text}' }, { namespace: where });
    const text = { text: 'string | default="one"' };
    const before = definition('pots', 'Pot', [mapIn('shop')], text);
    const after = definition('pots', 'Pot', [namespace, mapIn('${space.metadata.name}')], {
      ...text,
      namespace: 'string',
    });
    // At first, Flux creates the namespace. Later, the definition also creates it.
    await applyAll(world, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, before, sim.pot('p'));
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
    const moved = sim.pot('p', { text: 'two', namespace: 'shop' });
    const sync = async () => {
      for (const object of [after, moved])
        await world.user.apply(object, { fieldManager: 'flux', force: true, fieldValidation: 'Strict' });
    };
    await sync().catch((thrown: unknown) => expect(String(thrown)).toMatch(/namespace/));
    await world.advance(60_000);
    await sync();
    await world.advance(60_000);
    const child = { ...sim.mapRef('p-map'), namespace: 'shop' };
    expect((await world.user.get(child))['data']).toEqual({ text: 'two' });
    expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');

    // No finalizer keeps the instance, the CRD or the definition.
    const crd = crdRef('pots');
    await world.user.delete(sim.potRef('p'));
    await world.advance(60_000);
    for (const ref of [sim.potRef('p'), child, { apiVersion: 'v1', kind: 'Namespace', name: 'shop' }])
      expect(await world.user.find(ref), ref.kind).toBeUndefined();
    await world.user.delete(refOf('pots'));
    await world.user.delete(crd);
    await world.advance(60_000);
    for (const ref of [refOf('pots'), crd]) expect(await world.user.find(ref), ref.kind).toBeUndefined();
  });

  it('#1171: a deletion whose process ends after any of its writes is completed by the next process', async () => {
    const chain = ['a', 'b', 'c'].map((id, index, ids) =>
      sim.mapResource(id, { text: index === 0 ? 'x' : `\${${ids[index - 1]}.data.text}` }),
    );
    await applyAll(world, definition('pots', 'Pot', chain));
    const ends: number[] = [];
    for (let limit = 1; ; limit += 1) {
      await applyAll(world, sim.pot('p'));
      expect(await stateOf(world, 'Pot', 'p')).toBe('ACTIVE');
      let writes = 0;
      world.intercept = (request) => {
        if (request.method !== 'GET' && !request.path.includes('/events')) writes += 1;
        return writes > limit ? failure(503, 'ServiceUnavailable') : undefined;
      };
      await world.user.delete(sim.potRef('p'));
      await world.advance(60_000);
      const isComplete = writes <= limit;
      await world.controller.stop();
      world.intercept = undefined;
      await world.restart();
      await world.advance(60_000);
      for (const ref of [sim.potRef('p'), ...['p-a', 'p-b', 'p-c'].map(sim.mapRef)])
        expect(await world.user.find(ref), `${ref.name} after ${limit}`).toBeUndefined();
      ends.push(limit);
      if (isComplete) break;
    }
    expect(ends.length).toBeGreaterThan(3);
    const crd = crdRef('pots');
    expect(await world.user.find(crd)).toBeDefined();
    expect(sim.conditionText(await world.user.get(refOf('pots')), 'Ready')).toMatch(/^True/);
  });
});
