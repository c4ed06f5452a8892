import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../src/core/index.ts';
import type { VirtualWorld } from '../../support/virtual-world.ts';
import {
  conditionText,
  mapRef,
  mapResource,
  pot,
  potRef,
  virtualWorld,
  writesOf,
} from '../../support/virtual-world.ts';

/**
 * Reports of kro's users, each as a scenario. The number is that of the report in kro's repository (kubernetes-sigs/kro).
 * Each scenario follows the steps of its report.
 */
let world: VirtualWorld;
beforeEach(async () => {
  world = await virtualWorld();
});
afterEach(() => world.close());

/** A definition of a kind in the group `acme.test`. */
function definition(
  name: string,
  kind: string,
  resources: readonly JsonObject[],
  spec: JsonObject = { text: 'string | default="one"' },
): KubeObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name },
    spec: { schema: { apiVersion: 'v1', kind, group: 'acme.test', spec }, resources },
  } as unknown as KubeObject;
}
const refOf = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name });
const instanceRef = (kind: string, name: string) => ({
  apiVersion: 'acme.test/v1',
  kind,
  name,
  namespace: 'default',
});
const instance = (kind: string, name: string, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
});
const stateOf = async (kind: string, name: string) => (await world.user.get(instanceRef(kind, name))).status?.['state'];
const textOf = async (name: string) => (await world.user.get(mapRef(name)))['data'];

async function apply(...objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) await world.apply(object);
  await world.advance(5000);
}

describe('reports of kro’s users', () => {
  it('#1067: a definition with the policy wait outlives its instances; created again, it completes their deletion', async () => {
    const pots = definition('pots', 'Pot', [mapResource('map', { text: 'a' })]);
    const waits = { ...pots.metadata, annotations: { 'typekro.dev/deletion-policy': 'wait' } };
    await apply({ ...pots, metadata: waits }, pot('p'));
    await world.user.delete(refOf('pots'));
    await world.advance(60_000);
    expect(await world.user.find(refOf('pots'))).toBeDefined();
    await world.user.delete(potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(potRef('p'))).toBeUndefined();
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
    expect(await world.user.find(refOf('pots'))).toBeUndefined();

    await apply(pots, pot('q'));
    await world.user.delete(refOf('pots'));
    await world.advance(60_000);
    await world.user.delete(potRef('q'));
    await apply(pots);
    await world.advance(60_000);
    expect(await world.user.find(potRef('q'))).toBeUndefined();
    expect(await world.user.find(mapRef('q-map'))).toBeUndefined();
  });

  it('#82: a definition with an error is deleted', async () => {
    await apply(definition('pots', 'Pot', [mapResource('map', { text: '${schema.spec.missing}' })]));
    expect(conditionText(await world.user.get(refOf('pots')), 'Ready')).toMatch(/^False/);
    await world.user.delete(refOf('pots'));
    await world.advance(5000);
    expect(await world.user.find(refOf('pots'))).toBeUndefined();
  });

  it('#1316: an external object is deleted before the instance, and the children have finalizers', async () => {
    const shared: JsonObject = {
      id: 'shared',
      externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } },
    };
    const held = mapResource('map', { text: '${shared.data.text}' });
    await world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace: 'default' },
      data: { text: 'a' },
    });
    await apply(definition('pots', 'Pot', [shared, held]), pot('p'));
    await world.user.patch(mapRef('p-map'), { metadata: { finalizers: ['acme.test/hold'] } });
    await world.user.delete(mapRef('shared'));
    await world.user.delete(potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(potRef('p'))).toBeDefined();
    await world.user.patch(mapRef('p-map'), { metadata: { finalizers: null } });
    await world.advance(60_000);
    expect(await world.user.find(potRef('p'))).toBeUndefined();
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
  });

  it('#886: a definition with an error does not stop the others', async () => {
    await apply(definition('pots', 'Pot', [mapResource('map', { text: '${schema.spec.text}' })]), pot('p'));
    await apply(definition('broken', 'Broken', [mapResource('map', { text: '${nothing.at.all}' })]));
    await apply(instance('Pot', 'p', { text: 'two' }));
    expect(await textOf('p-map')).toEqual({ text: 'two' });
    await apply(instance('Pot', 'later'));
    expect(await stateOf('Pot', 'later')).toBe('ACTIVE');
  });

  it('#985: the deletion of an instance deletes the instances in it, three levels deep', async () => {
    const inner = (kind: string): JsonObject => ({
      id: 'inner',
      template: { apiVersion: 'acme.test/v1', kind, metadata: { name: '${schema.metadata.name}' } },
    });
    await apply(
      definition('thirds', 'Third', [mapResource('third', { text: 'c' })]),
      definition('seconds', 'Second', [mapResource('second', { text: 'b' }), inner('Third')]),
      definition('firsts', 'First', [mapResource('first', { text: 'a' }), inner('Second')]),
      instance('First', 'p'),
    );
    await world.advance(30_000);
    expect(await stateOf('First', 'p')).toBe('ACTIVE');
    expect(await textOf('p-third')).toEqual({ text: 'c' });
    await world.user.delete(instanceRef('First', 'p'));
    await world.advance(60_000);
    for (const kind of ['First', 'Second', 'Third'])
      expect(await world.user.find(instanceRef(kind, 'p')), kind).toBeUndefined();
    for (const name of ['p-first', 'p-second', 'p-third'])
      expect(await world.user.find(mapRef(name)), name).toBeUndefined();
  });

  it('#483: an instance that was never completed is deleted with what exists of it', async () => {
    const refused = mapResource('bad', { text: 'x' });
    const template = { ...(refused['template'] as JsonObject), metadata: { name: 'Not A Name' } };
    await apply(definition('pots', 'Pot', [mapResource('map', { text: 'a' }), { ...refused, template }]), pot('p'));
    expect(await stateOf('Pot', 'p')).toBe('ERROR');
    await world.user.delete(potRef('p'));
    await world.advance(60_000);
    expect(await world.user.find(potRef('p'))).toBeUndefined();
    expect(await world.user.find(mapRef('p-map'))).toBeUndefined();
  });

  it('#957: an object of another instance is not overwritten, and the status names its owner', async () => {
    const fixed = mapResource('map', { text: '${schema.metadata.name}' });
    const template = { ...(fixed['template'] as JsonObject), metadata: { name: 'same' } };
    await apply(definition('pots', 'Pot', [{ ...fixed, template }]), pot('first'));
    await apply(pot('second'));
    expect(await textOf('same')).toEqual({ text: 'first' });
    expect(await stateOf('Pot', 'second')).toBe('ERROR');
    expect(JSON.stringify((await world.user.get(potRef('second'))).status)).toMatch(/different ApplySet/);
  });

  it('#753: a child that another client changes or deletes is restored', async () => {
    await apply(definition('pots', 'Pot', [mapResource('map', { text: 'a' })]), pot('p'));
    await world.user.patch(mapRef('p-map'), { data: { text: 'changed' } });
    await world.advance(5000);
    expect(await textOf('p-map')).toEqual({ text: 'a' });
    await world.user.delete(mapRef('p-map'));
    await world.advance(5000);
    expect(await textOf('p-map')).toEqual({ text: 'a' });
  });

  it('#554 and #1169: of two definitions of one kind the second is refused, and its deletion stops nothing', async () => {
    await apply(definition('pots', 'Pot', [mapResource('map', { text: '${schema.spec.text}' })]), pot('p'));
    await apply(definition('others', 'Pot', [mapResource('other', { text: 'b' })], { size: 'integer' }));
    expect(conditionText(await world.user.get(refOf('others')), 'Ready')).toMatch(/^False/);
    await world.user.delete(refOf('others'));
    await world.advance(60_000);
    await apply(instance('Pot', 'p', { text: 'two' }));
    expect(await textOf('p-map')).toEqual({ text: 'two' });
  });

  it('#428: a new field of the schema reaches the instances that exist', async () => {
    const text = { text: 'string | default="one"' };
    await apply(definition('pots', 'Pot', [mapResource('map', { text: '${schema.spec.text}' })], text), pot('p'));
    await apply(
      definition('pots', 'Pot', [mapResource('map', { text: '${schema.spec.text + schema.spec.more}' })], {
        ...text,
        more: 'string | default="!"',
      }),
    );
    await world.advance(30_000);
    expect(await textOf('p-map')).toEqual({ text: 'one!' });
    expect(await stateOf('Pot', 'p')).toBe('ACTIVE');
  });

  it('#536: an expression with the version of the instance does not make a loop', async () => {
    await apply(
      definition('pots', 'Pot', [mapResource('map', { text: '${schema.metadata.resourceVersion}' })]),
      pot('p'),
    );
    await world.advance(60_000);
    world.requests.length = 0;
    await world.advance(600_000);
    expect(writesOf(world.requests)).toEqual([]);
  });
});
