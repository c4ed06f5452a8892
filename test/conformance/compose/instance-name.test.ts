import { type } from 'arktype';
import { expect, expectTypeOf, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { type InstanceMetadata, type SchemaReference, kubernetesComposition, toResourceGraph } from '@typekro/sdk';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const inner = kubernetesComposition(
  { name: 'inner', spec: type({ size: 'number.integer' }) },
  ({ size }, { metadata }) => {
    ConfigMap({ id: 'own', name: `${metadata.name}-inner`, data: { size } });
    return { of: metadata.name };
  },
);

const demo = kubernetesComposition(
  { name: 'demo', kind: 'Demo', spec: type({ 'name?': 'string', size: 'number.integer = 1' }) },
  (spec, instance) => {
    const { name, namespace, labels, annotations } = instance.metadata;
    ConfigMap({
      id: 'config',
      name: `${name}-config`,
      data: {
        at: `${namespace}/${name}`,
        size: instance.spec.size,
        factory: labels?.['typekro.dev/factory'] ?? 'none',
        note: annotations?.['example.com/note'] ?? 'none',
      },
    });
    return { of: inner({ size: spec.size }).status.of };
  },
);

test('the second argument of a composition has the types of the instance', () => {
  type Instance = SchemaReference<{ size: number }>;
  kubernetesComposition({ name: 'typed', spec: type({ size: 'number.integer' }) }, (_spec, instance) => {
    const typed: Instance = instance;
    return { n: typed.spec.size };
  });
  expectTypeOf<Instance['metadata']>().toEqualTypeOf<InstanceMetadata>();
  expectTypeOf<InstanceMetadata['name']>().toEqualTypeOf<string>();
  expectTypeOf<InstanceMetadata['labels']>().toEqualTypeOf<Readonly<Record<string, string>> | undefined>();
});

/** The data of the composition's ConfigMaps, by their names. */
const dataOf = (spec: { name?: string; size?: number }, place?: { name?: string; namespace?: string }) =>
  Object.fromEntries(
    demo.evaluate(spec, {}, place).resources.flatMap(({ objects }) =>
      objects.map((object) => [(object['metadata'] as JsonObject)['name'], object['data']]),
    ),
  );

test.each<[what: string, spec: { name?: string }, place: { name?: string; namespace?: string }, name: string]>([
  ['the option name', { name: 'shop' }, { name: 'blue' }, 'blue'],
  ['the field name of the spec', { name: 'shop' }, {}, 'shop'],
  ['the field name of the spec', { name: 'shop' }, { name: undefined as never }, 'shop'],
  ['the name of the composition', {}, { namespace: 'team' }, 'demo'],
  ['the name of the composition', { name: '' }, {}, 'demo'],
])('an instance is named by %s, and its composition reads the name', (_what, spec, place, name) => {
  const { namespace = 'default' } = place;
  expect(demo.toInstance(spec, place).metadata).toMatchObject({ name, namespace });
  expect(dataOf(spec, place)).toEqual({
    [`${name}-config`]: { at: `${namespace}/${name}`, size: '1', factory: 'demo', note: 'none' },
    [`${name}-inner`]: { size: '1' },
  });
  const kro = demo.factory('kro', { namespace }).toYaml(spec, place);
  expect(kro).toContain(`  name: ${name}\n  namespace: ${namespace}\n`);
  expect(demo.factory('direct', { namespace }).toYaml(spec, place)).toContain(`name: ${name}-config`);
});

test.each([['My App'], [''], ['-a'], [5], [null]])('the name %j of an instance is refused', (name) => {
  const wrong = () => demo.toInstance({}, { name: name as string });
  expect(wrong).toThrow(`the option name takes the name of an instance, not ${JSON.stringify(name)}`);
  expect(wrong).toThrow(expect.objectContaining({ code: 'compose/invalid-option' }));
});

test('the definition reads the metadata as kro does', () => {
  const text = demo.toYaml();
  expect(text).toContain('name: ${schema.metadata.name}-config');
  expect(text).toContain('at: ${schema.metadata.namespace}/${schema.metadata.name}');
  expect(text).toContain('name: ${schema.metadata.name}-inner');
});

test('a resource builder that is called in another composition reads the outer instance', () => {
  const built = toResourceGraph(
    { name: 'built', spec: type({ size: 'number.integer' }) },
    (schema) => ({ own: ConfigMap({ name: `${schema.metadata.name}-built`, data: { size: schema.spec.size } }) }),
    () => ({ ok: true }),
  );
  const outer = kubernetesComposition({ name: 'outer', spec: type({ size: 'number.integer' }) }, (spec) => {
    built(spec);
    return {};
  });
  expect(outer.toYaml()).toContain('name: ${schema.metadata.name}-built');
});
