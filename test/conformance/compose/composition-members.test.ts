import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/index.ts';
import { kubernetesComposition, toResourceGraph, typeKroRuntimeBootstrap } from '../../../src/index.ts';
import { ConfigMap, Deployment } from '../../../src/factories/simple/index.ts';

const graph = toResourceGraph(
  { name: 'web', spec: type({ name: 'string' }) },
  (schema) => ({
    app: Deployment({ name: 'web-app', image: 'web', env: { NAME: schema.spec.name } }),
    map: ConfigMap({ name: 'settings', data: { a: 'b' } }),
  }),
  (_schema, made) => ({ ready: made.app.status.readyReplicas > 0 }),
);

describe('a composition offers its resources', () => {
  test('as a list', () => {
    expect(graph.resources).toHaveLength(2);
    expect([...graph.resources].map(({ kind }) => kind)).toEqual(['Deployment', 'ConfigMap']);
    expect(graph.resources.filter(({ kind }) => kind === 'Deployment').map(({ id }) => id)).toEqual(['app']);
  });

  test('by id and key, also as its own members', () => {
    expect([graph.resources.app.kind, graph.app.kind]).toEqual(['Deployment', 'Deployment']);
    expect(Object.keys(graph.resources)).toEqual(['app', 'map']);
    const other = kubernetesComposition({ name: 'other', spec: type({ name: 'string' }) }, (spec) => {
      ConfigMap({ id: 'own', name: spec.name, data: { n: `${graph.app.status.readyReplicas}` } });
    });
    expect(other.toYaml()).toContain('name: web-app');
  });

  test('and its schema, whose values exist only inside the composition', () => {
    expect(() => `name: ${graph.schema.spec.name}`).toThrow('web.schema.spec.name.toString is read outside a composition');
    const other = () =>
      kubernetesComposition({ name: 'other', spec: type({ name: 'string' }) }, () => {
        ConfigMap({ id: 'own', name: 'x', data: { n: graph.schema.spec.name } });
      });
    expect(other).toThrow(/web\.schema belongs to another composition/);
  });
});

test('a spec without fields is an object without fields', () => {
  const empty = kubernetesComposition({ name: 'empty', spec: type({}), status: type({}) }, () => {
    ConfigMap({ id: 'own', name: 'own', data: {} });
    return {};
  });
  expect(empty.toDefinition()).toMatchObject({ spec: { schema: { kind: 'Empty', spec: {} } } });
  expect(empty.toInstance({})).toMatchObject({ kind: 'Empty', metadata: { name: 'empty' }, spec: {} });
});

describe('the runtime bootstrap', () => {
  const runtime = typeKroRuntimeBootstrap();

  test('prints its definition and an instance', () => {
    expect(runtime.toYaml()).toMatch(/kind: ResourceGraphDefinition[\s\S]*kind: TypeKroRuntime/);
    expect(runtime.factory('kro').toYaml()).toBe(runtime.toYaml());
    expect(runtime.factory('kro').toYaml({ namespace: 'flux-system' })).toMatch(/kind: TypeKroRuntime/);
  });

  test('can be part of another composition', () => {
    const platform = kubernetesComposition({ name: 'platform', spec: type({ namespace: 'string' }) }, (spec) => {
      const inner = runtime({ namespace: spec.namespace });
      return { phase: inner.status.phase };
    });
    const { resources } = platform.toDefinition({ target: 'typekro' })['spec'] as { resources: JsonObject[] };
    expect(resources.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['typekroRuntime1HelmController', 'typekroRuntime1KroRelease']),
    );
  });
});
