import { assumedSettings } from '@typekro/controller/controller';
import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { refOf } from '@typekro/kit/core';
import { controllerCrds } from '@typekro/engine/graph';
import { readConditions } from '@typekro/engine/runtime';
import { mapResource, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { DefinitionWhyReport } from './why-definition.ts';
import { definitionWhyLines, explainDefinition } from './why-definition.ts';

const FINE: DefinitionWhyReport = {
  schemaVersion: 1,
  definition: { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'shops' },
  kind: 'Shop',
  state: 'Active',
  refusals: [],
  problems: [],
  instances: 0,
  notActive: [],
  notes: [],
};

const SERVED = 'nothing is wrong with the definition: the controller serves it';

test.each([
  ['a definition that is Active', FINE, true],
  ['a definition that no controller has accepted', { ...FINE, state: 'Inactive' }, false],
  ['a definition without a state', { ...FINE, state: '' }, false],
  ['a definition with a condition that is not known', { ...FINE, notes: ['KindReady is not known yet'] }, false],
])('only an Active definition with known conditions counts as served: %s', (_name, report, isServed) => {
  expect(definitionWhyLines(report, 0, false).includes(SERVED)).toBe(isServed);
});

test('of many instances, only the first five are named, followed by the number of the others', () => {
  const notActive = Array.from({ length: 7 }, (_, index) => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Shop',
    namespace: 'team',
    name: `s${index}`,
  }));
  expect(definitionWhyLines({ ...FINE, instances: 9, notActive }, 0, false)).toEqual([
    'ResourceGraphDefinition shops   Active   kind Shop   9 instances, 7 not ACTIVE',
    '',
    SERVED,
    '',
    'not ACTIVE: shop/team/s0, shop/team/s1, shop/team/s2, shop/team/s3, shop/team/s4 and 2 more',
    '   look       typekro why shop/team/s0',
  ]);
});

test.each([
  [{ omit: false }, ['graph/omit']],
  [undefined, []],
])('the compiler follows the gates %j of the controller', async (features, codes) => {
  const world = await virtualWorld();
  try {
    const definition = potDefinition([mapResource('map', { text: '${schema.spec.count > 1 ? "a" : omit()}' })]);
    const settings = assumedSettings('this test', undefined, features);
    const { problems } = await explainDefinition(world.user, definition, new AbortController().signal, settings);
    expect(problems.map(({ code }) => code)).toEqual(codes);
  } finally {
    await world.close();
  }
});

/** Rows: a change of the definition, as a newer CRD allows it, and the fields that the reports name. */
test.each<readonly [string, (spec: JsonObject) => void, string | undefined]>([
  ['of the spec', (spec) => void (spec['rollback'] = 'auto'), 'spec.rollback'],
  ['of the schema', (spec) => void ((spec['schema'] as JsonObject)['scopes'] = []), 'spec.schema.scopes'],
  [
    'of two resources',
    ({ resources }) => {
      for (const each of resources as JsonObject[]) each['retries'] = 1;
    },
    'spec.resources[0].retries, spec.resources[1].retries',
  ],
  ['without unknown fields', () => undefined, undefined],
])('every field that the controller ignores is in a condition, and why names it: %s', async (_name, change, fields) => {
  const world = await virtualWorld();
  try {
    const [crd] = controllerCrds().map((each) => structuredClone(each));
    if (crd === undefined) throw new Error('no CRD');
    const [version] = (crd.spec as { versions: { schema: { openAPIV3Schema: JsonObject } }[] }).versions;
    if (version === undefined) throw new Error('no version');
    const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const properties = version.schema.openAPIV3Schema['properties'] as JsonObject;
    version.schema.openAPIV3Schema['properties'] = { ...properties, spec: open };
    await world.apply(crd);
    const definition = potDefinition([mapResource('one', { a: '1' }), mapResource('two', { a: '1' })]);
    change(definition.spec as JsonObject);
    await world.apply(definition);
    await world.advance(3000);
    const live = await world.user.get(refOf(definition));
    const conditions = readConditions(live.status?.['conditions']);
    const message = conditions.find(({ type }) => type === 'FieldsKnown')?.message;
    expect(message).toBe(fields && `this controller does not know and ignores ${fields}`);
    // The definition is served as if it did not have the fields.
    expect(conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
    const settings = assumedSettings('this test');
    const { refusals } = await explainDefinition(world.user, live, new AbortController().signal, settings);
    expect(refusals.map((each) => each.message)).toEqual(message === undefined ? [] : [message]);
  } finally {
    await world.close();
  }
});
