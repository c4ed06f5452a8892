import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import type { GraphFeatures } from './options.ts';

function compileResource(resource: JsonObject, features: GraphFeatures = { deletionPolicy: true }) {
  const schema = { apiVersion: 'v1alpha1', kind: 'App', spec: { names: '[]string' } };
  const spec = { schema, resources: [{ id: 'map', ...resource }] };
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'x' }, spec };
  return compile(definition, { sources: builtinSource(), features });
}

const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
const externalRef = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

describe('deletionPolicy of a resource', () => {
  test.each<[string, JsonObject, 'Orphaned' | undefined]>([
    ['Orphaned', { template, deletionPolicy: 'Orphaned' }, 'Orphaned'],
    [
      'Orphaned, of a collection',
      { template, forEach: [{ n: '${schema.spec.names}' }], deletionPolicy: 'Orphaned' },
      'Orphaned',
    ],
    ['Delete, the default', { template, deletionPolicy: 'Delete' }, undefined],
    ['absent', { template }, undefined],
    ['null', { template, deletionPolicy: null }, undefined],
  ])('only the policy Orphaned becomes a part of the node: %s', (_, resource, expected) => {
    const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'forEach' in resource ? '${n}' : 'a' } };
    const { graph, diagnostics } = compileResource({ ...resource, template });
    expect(diagnostics).toEqual([]);
    const node = graph?.nodes.get('map');
    expect(node !== undefined && 'deletionPolicy' in node ? node.deletionPolicy : undefined).toBe(expected);
  });

  test.each<[string, JsonObject, GraphFeatures, string, string]>([
    [
      'the gate is off',
      { template, deletionPolicy: 'Orphaned' },
      {},
      'graph/feature-gate',
      'deletionPolicy requires the DeletionPolicy feature gate to be enabled',
    ],
    [
      'the gate is off, even for the default value',
      { template, deletionPolicy: 'Delete' },
      {},
      'graph/feature-gate',
      'deletionPolicy requires the DeletionPolicy feature gate to be enabled',
    ],
    [
      'the word is unknown',
      { template, deletionPolicy: 'Retain' },
      { deletionPolicy: true },
      'graph/invalid-deletion-policy',
      'deletionPolicy must be Delete or Orphaned, not "Retain"',
    ],
    [
      'it is not a string',
      { template, deletionPolicy: true },
      { deletionPolicy: true },
      'graph/invalid-deletion-policy',
      'not true',
    ],
    [
      'the resource is external',
      { externalRef, deletionPolicy: 'Orphaned' },
      { deletionPolicy: true },
      'graph/invalid-deletion-policy',
      'can only be set with a template',
    ],
  ])('is refused: %s', (_, resource, features, code, message) => {
    const { graph, diagnostics } = compileResource(resource, features);
    expect(graph).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code, kroMessage: expect.stringContaining(`resource "map": `) as string }]);
    expect(diagnostics[0]?.message).toContain(message);
    expect(diagnostics[0]?.hint).toBeDefined();
  });

  test('a policy other than the default changes the hash, and the written default does not', () => {
    const hashOf = (resource: JsonObject) => compileResource(resource).graph?.hash;
    const plain = hashOf({ template });
    expect(hashOf({ template, deletionPolicy: 'Orphaned' })).not.toBe(plain);
    expect(hashOf({ template, deletionPolicy: 'Delete' })).toBe(plain);
  });

  test('a template cannot set the annotation of the policy', () => {
    const annotations = { 'internal.kro.run/deletion-policy': 'Orphaned' };
    const { diagnostics } = compileResource({ template: { ...template, metadata: { name: 'a', annotations } } });
    expect(diagnostics.map(({ code }) => code)).toEqual(['graph/reserved-key']);
  });
});

describe('externalFields of a resource', () => {
  const spec = {
    template: { metadata: { labels: { app: 'a' } } },
    ports: [{ port: 1 }],
    replicas: 1,
    other: '${schema.spec.names[0]}',
  };
  const deployment = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { a: 'b' } }, data: spec };
  const on = { externalFields: true };
  const problemOf = (resource: JsonObject, features: GraphFeatures = on) =>
    compileResource(resource, features).diagnostics.find(({ path }) => path?.includes('externalFields'))?.message;

  test.each<[string, JsonObject, GraphFeatures, string]>([
    ['the gate is off', { template, externalFields: ['data'] }, {}, 'requires the ExternalFields feature gate'],
    ['no list', { template: deployment, externalFields: 'data.replicas' }, on, 'must be a list of paths'],
    ['no template', { externalRef, externalFields: ['data'] }, on, 'can only be set with a template'],
    ...[
      'data.none',
      'data.ports.0.port',
      'data.ports[0]',
      'metadata.name',
      'metadata',
      'kind',
      '',
      'data.__proto__',
    ].map((field): [string, JsonObject, GraphFeatures, string] => [
      `the path "${field}"`,
      { template: deployment, externalFields: ['data.replicas', field] },
      on,
      `the template has no field "${field}"`,
    ]),
    ['a number', { template: deployment, externalFields: [1] }, on, 'the template has no field 1'],
  ])('is refused: %s', (_, resource, features, message) => {
    expect(problemOf(resource, features)).toContain(message);
  });

  test('its paths become a part of the node and of the hash, also the path of an expression', () => {
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: { x: 'y' } },
      data: { a: '${schema.spec.names[0]}' },
    };
    const { graph, diagnostics } = compileResource(
      { template: config, externalFields: ['data.a', 'metadata.labels.x'] },
      on,
    );
    expect(diagnostics).toEqual([]);
    expect(graph?.nodes.get('map')).toMatchObject({
      externalFields: [
        ['data', 'a'],
        ['metadata', 'labels', 'x'],
      ],
    });
    expect(graph?.hash).not.toBe(compileResource({ template: config }, on).graph?.hash);
  });
});
