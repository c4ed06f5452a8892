import { afterEach, describe, expect, it } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject } from '@typekro/kit/core';
import { objectAt, objectsAt } from '@typekro/kit/kubernetes';
import * as sim from '@typekro/testing/test-support/virtual-world';

let world: sim.VirtualWorld;
afterEach(() => world.close());

const operator = sim.mapResource('operator', { ready: '${schema.spec.text}' });
const addon: JsonObject = {
  id: 'addon',
  template: {
    apiVersion: 'late.test/v1',
    kind: 'Addon',
    metadata: { name: '${schema.metadata.name}-addon' },
    spec: { size: '${schema.spec.count}' },
  },
};
const reading: JsonObject = { ...addon, includeWhen: ["${operator.data.ready == 'yes'}"] };
const reader = sim.mapResource('reader', { size: '${string(addon.spec.size)}' });
const addonCrd = crdOf(
  'Addon',
  { properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } },
  { group: 'late.test', version: 'v1' },
);
const addonRef = { apiVersion: 'late.test/v1', kind: 'Addon', namespace: 'default', name: 'p-addon' };

async function open(deferredSchemas: boolean, resources: JsonObject[], status: JsonObject = {}): Promise<void> {
  world = await sim.virtualWorld({ controller: { features: { deferredSchemas } } });
  const definition = sim.potDefinition(resources);
  const schema = definition.spec?.['schema'] as JsonObject;
  schema['status'] = status;
  await world.apply(definition);
  await world.advance(5000);
}

const definitionStatus = async () => (await world.user.get(sim.potsRef)).status ?? {};
const instanceStatus = async () => (await world.user.get(sim.potRef('p'))).status ?? {};
const statusFields = async () => {
  const crd = await world.user.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'pots.acme.test',
  });
  const [version] = objectsAt(crd, 'spec', 'versions');
  return objectAt(version, 'schema', 'openAPIV3Schema', 'properties', 'status', 'properties');
};
const ready = async () => sim.conditionText(await world.user.get(sim.potRef('p')), 'ResourcesReady');

async function isQuiet(): Promise<void> {
  world.requests.length = 0;
  await world.advance(10 * 60_000);
  expect(sim.writesOf(world.requests)).toEqual([]);
}

describe('the gate DeferredSchemaResolution', () => {
  it('serves a definition with a missing kind, and creates the object as soon as the kind exists', async () => {
    await open(true, [operator, reading, reader], { size: '${addon.spec.size}' });
    expect(await definitionStatus()).toMatchObject({ state: 'Active', deferredResources: ['addon'] });
    expect(await statusFields()).toMatchObject({ size: { 'x-kubernetes-preserve-unknown-fields': true } });
    expect(await world.eventsOf('pots')).toContainEqual(
      expect.stringContaining('resource "addon" waits for the CustomResourceDefinition of Addon (late.test/v1)'),
    );
    await world.apply(sim.pot('p', { text: 'no' }));
    await world.advance(5000);
    expect((await instanceStatus())['state']).toBe('ACTIVE');
    expect(await world.user.find(sim.mapRef('p-reader'))).toBeUndefined();

    await world.user.patch(sim.potRef('p'), { spec: { text: 'yes' } }, { type: 'merge' });
    await world.advance(5000);
    expect(await ready()).toMatch(/^False SchemaPending: .*late\.test\/v1, Kind=Addon/);
    expect((await instanceStatus())['state']).toBe('IN_PROGRESS');
    await isQuiet();

    await world.apply(addonCrd);
    await world.advance(10_000);
    expect((await world.user.get(addonRef)).spec).toEqual({ size: 1 });
    expect((await world.user.get(sim.mapRef('p-reader')))['data']).toEqual({ size: '1' });
    expect(await instanceStatus()).toMatchObject({ state: 'ACTIVE', size: 1 });
    expect(await statusFields()).toMatchObject({ size: { type: 'integer' } });
    expect(await definitionStatus()).toMatchObject({ state: 'Active' });
    expect(await definitionStatus()).not.toHaveProperty('deferredResources');
    await isQuiet();

    await world.user.delete(sim.potRef('p'));
    await world.advance(30_000);
    expect([await world.user.find(sim.potRef('p')), await world.user.find(addonRef)]).toEqual([undefined, undefined]);
  });

  it('accepts a missing kind of an optional resource, and an instance that waits for this kind can be deleted', async () => {
    await open(true, [{ ...addon, optional: true }, operator]);
    await world.apply(sim.pot('p'));
    await world.advance(5000);
    expect(await ready()).toMatch(/^False SchemaPending: /);
    expect(await world.user.find(sim.mapRef('p-operator'))).toBeDefined();
    await world.user.delete(sim.potRef('p'));
    await world.advance(30_000);
    expect(await world.user.find(sim.potRef('p'))).toBeUndefined();
  });

  it.each<[string, boolean, JsonObject, string]>([
    ['the resource has no condition', true, addon, 'cannot resolve group version "late.test/v1": schema not found'],
    [
      'the condition of the resource reads only the instance',
      true,
      { ...addon, includeWhen: ['${schema.spec.count > 1}'] },
      'cannot resolve group version "late.test/v1": schema not found',
    ],
    ['the gate is off', false, reading, 'cannot resolve group version "late.test/v1": schema not found'],
    [
      'the gate is off, and the resource is optional',
      false,
      { ...addon, optional: true },
      'optional requires the DeferredSchemaResolution feature gate to be enabled',
    ],
  ])('refuses a definition with a missing kind when %s', async (_, gate, resource, message) => {
    await open(gate, [operator, resource]);
    expect(sim.conditionText(await world.user.get(sim.potsRef), 'GraphAccepted')).toContain(message);
  });
});
