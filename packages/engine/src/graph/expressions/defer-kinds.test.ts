import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { awaitedKind } from '../nodes.ts';
import type { GraphFeatures } from '../options.ts';

const ON: GraphFeatures = { deferredSchemas: true, optionalResources: true };
const template = {
  apiVersion: 'late.test/v1',
  kind: 'Addon',
  metadata: { name: 'a' },
  spec: { n: '${schema.spec.n}' },
};
const config = {
  id: 'config',
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { k: 'v' } },
};
const READS_CONFIG = { includeWhen: ["${config.data.k == 'v'}"] };

function compiled(addon: JsonObject, features: GraphFeatures = ON) {
  const schema = { apiVersion: 'v1alpha1', kind: 'App', spec: { n: 'integer', names: '[]string' } };
  const spec = { schema, resources: [{ id: 'addon', ...addon }, config] };
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'x' }, spec };
  return compile(definition, { sources: builtinSource(), features, target: 'typekro' });
}

describe('a resource', () => {
  test.each<[string, JsonObject]>([
    ['is optional', { template, optional: true }],
    ['has a condition that reads another resource', { template, ...READS_CONFIG }],
    [
      'is an optional collection',
      {
        template: { ...template, metadata: { name: '${name}' } },
        optional: true,
        forEach: [{ name: '${schema.spec.names}' }],
      },
    ],
  ])('of an unknown kind waits for its kind when it %s', (_, addon) => {
    const { graph, diagnostics } = compiled(addon);
    expect(diagnostics).toEqual([]);
    const node = graph?.nodes.get('addon');
    if (graph === undefined || node === undefined) throw new Error('the definition does not compile');
    expect(node.type).toBeUndefined();
    expect(awaitedKind(graph, node)).toEqual({ group: 'late.test', version: 'v1', kind: 'Addon' });
    expect(graph.mayLackKinds).toBe(true);
  });

  test.each<[string, GraphFeatures, boolean]>([
    ['the gate of deferred schemas is on', ON, true],
    ['a command sets only optionalResources', { optionalResources: true }, true],
    ['no feature is on', {}, false],
  ])(
    'of a known kind does not decide whether the graph may lack kinds; the features decide: %s',
    (_, features, expected) => {
      const known = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } };
      const { graph, diagnostics } = compiled({ template: known, ...READS_CONFIG }, features);
      expect(diagnostics).toEqual([]);
      expect(graph?.mayLackKinds ?? false).toBe(expected);
    },
  );

  test.each<[string, JsonObject, GraphFeatures, string]>([
    ['it is neither optional nor conditional', { template }, ON, 'graph/unknown-kind'],
    ['its condition reads the instance', { template, includeWhen: ['${schema.spec.n > 1}'] }, ON, 'graph/unknown-kind'],
    ['the gate of deferred schemas is off', { template, ...READS_CONFIG }, {}, 'graph/unknown-kind'],
    [
      'the features include the field `optional`, but not deferred schemas',
      { template, optional: true },
      { optionalResources: true },
      'graph/unknown-kind',
    ],
    ['the gate of the field `optional` is off', { template, optional: true }, {}, 'graph/feature-gate'],
    [
      'it has a label of the controller',
      { template: { ...template, metadata: { name: 'a', labels: { 'kro.run/owned': 'true' } } }, optional: true },
      ON,
      'graph/reserved-key',
    ],
    ['the field `optional` is not a boolean', { template, optional: 'yes' }, ON, 'graph/invalid-optional'],
    [
      'it is external',
      { externalRef: { apiVersion: 'late.test/v1', kind: 'Addon', metadata: { name: 'a' } }, ...READS_CONFIG },
      ON,
      'graph/unknown-kind',
    ],
  ])('of an unknown kind is refused when %s', (_, addon, features, code) => {
    const { graph, diagnostics } = compiled(addon, features);
    expect(graph).toBeUndefined();
    expect(diagnostics.map((each) => each.code)).toContain(code);
  });

  test('of an unknown kind is refused with the same problems with and without the gate of deferred schemas', () => {
    expect(compiled({ template }).diagnostics).toEqual(compiled({ template }, {}).diagnostics);
  });

  test('of a known kind is checked even if it is optional, and the field `optional` changes the hash', () => {
    const known = compiled({ ...config, id: 'addon', optional: true });
    expect(known.graph?.nodes.get('addon')?.type).toMatchObject({ kind: 'ConfigMap' });
    expect(known.graph?.hash).not.toBe(compiled({ ...config, id: 'addon' }).graph?.hash);
  });
});
