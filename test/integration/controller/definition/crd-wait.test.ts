import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import { afterEach, expect, test } from 'vitest';
import {
  conditionText,
  mapResource,
  potDefinition,
  potsRef,
  virtualWorld,
} from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';

let world: VirtualWorld;
afterEach(() => world.close());

const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'pots.acme.test' };

/** A CRD of another client with this plural name and this kind. */
const takingKind = (plural: string, kind: string): KubeObject =>
  crdOf(kind, ANYTHING, { group: 'acme.test', names: { plural, singular: plural, listKind: `${plural}List` } });

const kindReady = async () => conditionText(await world.user.get(potsRef), 'KindReady');
const NOT_ESTABLISHED = 'False Failed: CRD pots.acme.test was not established within two minutes';

test('the two minutes to serve a CRD begin again when another client deletes the CRD', async () => {
  world = await virtualWorld();
  await world.apply(takingKind('vases', 'Pot'));
  await world.advance(1000);
  await world.apply(potDefinition([mapResource('map', {})]));
  await world.advance(60_000);
  await world.user.delete(CRD);
  await world.advance(110_000);
  expect(await kindReady()).not.toBe(NOT_ESTABLISHED);
  await world.advance(11_000);
  expect(await kindReady()).toBe(NOT_ESTABLISHED);
});

test('the wait for a CRD begins again when the user reverts a change of the definition that the controller refused', async () => {
  world = await virtualWorld();
  await world.apply(takingKind('vases', 'Pot'));
  await world.advance(1000);
  const definition = potDefinition([mapResource('map', {})]);
  await world.apply(definition);
  await world.advance(60_000);
  const schema = { ...(definition.spec?.['schema'] as object), spec: { text: 'integer' } };
  await world.apply({ ...definition, spec: { ...definition.spec, schema } });
  await world.advance(300_000);
  expect(await kindReady()).toMatch(/breaking changes detected/);

  await world.apply(definition);
  await world.advance(110_000);
  expect(await kindReady()).not.toBe(NOT_ESTABLISHED);
  await world.advance(11_000);
  expect(await kindReady()).toBe(NOT_ESTABLISHED);
});
