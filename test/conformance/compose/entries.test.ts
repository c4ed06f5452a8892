import { type } from 'arktype';
import { expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { kubernetesComposition } from '@typekro/sdk';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

/** The entries of a definition, keyed by id. */
function entriesOf(definition: JsonObject): Record<string, JsonObject> {
  const { resources } = definition['spec'] as { resources: JsonObject[] };
  return Object.fromEntries(resources.map((entry) => [String(entry['id']), entry]));
}

const SPEC = type({ names: 'string[]' });

test('the iterator of a loop is renamed if a resource has the same id', () => {
  const composition = kubernetesComposition({ name: 'app', spec: SPEC }, (spec) => {
    ConfigMap({ id: 'name', name: 'one', data: { k: 'v' } });
    for (const name of spec.names) ConfigMap({ id: 'many', name: `many-${name}`, data: { k: name } });
  });
  expect(entriesOf(composition.toDefinition())['many']).toMatchObject({
    forEach: [{ name2: '${schema.spec.names}' }],
    template: { metadata: { name: 'many-${name2}' }, data: { k: '${name2}' } },
  });
});

test.each([
  ['Port', 'port'],
  ['host_name', 'hostName'],
  ['_1', 'element'],
  ['$', 'element'],
  ['größe', 'grE'],
  ['_2nd', 'r2nd'],
  ['Spec', 'specElement'],
  ['math', 'mathElement'],
  ['kro', 'kroElement'],
  ['graphengine', 'graphengineElement'],
  ['portName', 'portName'],
])('the loop variable %s becomes the iterator %s', (variable, iterator) => {
  const source = `(spec) => { for (const ${variable} of spec.names) ConfigMap({ id: 'many', name: ${variable}, data: {} }); }`;
  const program = new Function('ConfigMap', `return ${source}`)(ConfigMap) as (spec: unknown) => void;
  const composition = kubernetesComposition({ name: 'app', spec: SPEC }, program);
  expect(entriesOf(composition.toDefinition())['many']).toMatchObject({
    forEach: [{ [iterator]: '${schema.spec.names}' }],
    template: { metadata: { name: `\${${iterator}}` } },
  });
});

test.each(['kro', 'this', 'graphengine', 'resourceGraphDefinition'])('a resource cannot have the id %s', (id) => {
  const compose = () =>
    kubernetesComposition({ name: 'app', spec: SPEC }, () => {
      ConfigMap({ id, name: 'one', data: {} });
    });
  expect(compose).toThrow(`"${id}" is a reserved word of kro and cannot be an id`);
});

test('a condition that is always true is omitted', () => {
  const composition = kubernetesComposition({ name: 'app', spec: SPEC }, (spec) => {
    ConfigMap({ id: 'always', name: 'always', data: { k: 'v' } }).withIncludeWhen(true);
    ConfigMap({ id: 'some', name: 'some', data: { k: 'v' } }).withIncludeWhen(spec.names.length > 0);
  });
  const { always, some } = entriesOf(composition.toDefinition());
  expect(always).not.toHaveProperty('includeWhen');
  expect(some?.['includeWhen']).toHaveLength(1);
});
