import { afterEach, expect, test } from 'vitest';
import { mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { failure } from '@typekro/testing/test-support/intercept-request';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { JsonObject } from '@typekro/kit/core';

let world: VirtualWorld;
afterEach(() => world.close());

/** The events that a change causes, as `type: message`, without events of writes. */
async function eventsOf(change: () => Promise<unknown>): Promise<string[]> {
  const before = world.controller.reports.eventsAfter(0).at(-1)?.id ?? 0;
  await change();
  await world.advance(2000);
  const events = world.controller.reports.eventsAfter(before).filter(({ type }) => type !== 'wrote');
  return events.map(({ type, message }) => `${type}: ${message}`);
}

test('each change of a report is an event, even when the state stays the same', async () => {
  world = await virtualWorld();
  const one = [mapResource('one', { a: '${schema.spec.text}' })];
  expect(await eventsOf(() => world.apply(potDefinition(one)))).toEqual([
    'definition-changed: Inactive',
    'definition-changed: revision 1',
    'definition-changed: Inactive -> Active',
  ]);
  expect(await eventsOf(() => world.apply(pot('shop')))).toEqual([
    'instance-changed: IN_PROGRESS',
    'instance-changed: IN_PROGRESS -> ACTIVE',
  ]);
  expect(await eventsOf(() => world.apply(pot('shop', { count: 2 })))).toContain(
    'instance-changed: ACTIVE for generation 2',
  );
  const two = [...one, mapResource('two', {})];
  expect(await eventsOf(() => world.apply(potDefinition(two)))).toContain('definition-changed: revision 2');
  const annotated = potDefinition(two, { 'acme.test/note': 'x' });
  expect(await eventsOf(() => world.apply(annotated))).toEqual([]);
});

test('the change of a node is an event, even when the instance stays in its state', async () => {
  world = await virtualWorld();
  const external: JsonObject = {
    id: 'other',
    externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } },
  };
  const blocked = mapResource('blocked', { a: '${schema.metadata.annotations.none + other.metadata.name}' });
  await world.apply(potDefinition([external, blocked]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
  const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other', namespace: 'default' } };
  expect(await eventsOf(() => world.apply(other))).toEqual(['instance-changed: other: ready']);
});

test.each<[string, JsonObject, string]>([
  ['a namespaced instance', {}, 'acme.test/v1/Pot/default/shop'],
  ['a cluster-scoped instance', { scope: 'Cluster' }, 'acme.test/v1/Pot/-/shop'],
])('the failure of the first pass of %s is an event about that instance', async (_what, schema, ref) => {
  world = await virtualWorld();
  const definition = potDefinition([mapResource('one', {}, { namespace: 'default' })]);
  const spec = definition.spec ?? {};
  await world.apply({ ...definition, spec: { ...spec, schema: { ...(spec['schema'] as JsonObject), ...schema } } });
  await world.advance(2000);
  world.intercept = ({ method, path }) => (method !== 'GET' && path.includes('/pots/shop') ? failure(500) : undefined);
  const { metadata, ...rest } = pot('shop');
  await world.apply(schema['scope'] === undefined ? pot('shop') : { ...rest, metadata: { name: metadata.name ?? '' } });
  await world.advance(2000);
  const failed = world.controller.reports.eventsAfter(0).filter(({ type }) => type === 'failed');
  expect(new Set(failed.map(({ subject }) => subject))).toEqual(new Set([ref]));
});
