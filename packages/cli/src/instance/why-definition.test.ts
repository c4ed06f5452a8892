import { assumedSettings } from '@typekro/controller/controller';
import { expect, test } from 'vitest';
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
