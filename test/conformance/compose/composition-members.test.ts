import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { type DeployTarget, createCompositionApi } from '@typekro/sdk/compose';
import type { JsonObject } from '@typekro/kit/core';
import { kubernetesComposition, toResourceGraph, typeKroRuntimeBootstrap } from '@typekro/sdk';
import { ConfigMap, Deployment } from '../../../packages/sdk/src/factories/simple/index.ts';

const graph = toResourceGraph(
  { name: 'web', spec: type({ name: 'string' }) },
  (schema) => ({
    app: Deployment({ name: 'web-app', image: 'web', env: { NAME: schema.spec.name } }),
    map: ConfigMap({ name: 'settings', data: { a: 'b' } }),
  }),
  (_schema, made) => ({ ready: made.app.status.readyReplicas > 0 }),
);

describe('a composition exposes its resources', () => {
  test('as a list', () => {
    expect(graph.resources).toHaveLength(2);
    expect([...graph.resources].map(({ kind }) => kind)).toEqual(['Deployment', 'ConfigMap']);
    expect(graph.resources.filter(({ kind }) => kind === 'Deployment').map(({ id }) => id)).toEqual(['app']);
  });

  test('by id, in its list of resources and as its own members', () => {
    expect([graph.resources.app.kind, graph.app.kind]).toEqual(['Deployment', 'Deployment']);
    expect(Object.keys(graph.resources)).toEqual(['app', 'map']);
    const other = kubernetesComposition({ name: 'other', spec: type({ name: 'string' }) }, (spec) => {
      ConfigMap({ id: 'own', name: spec.name, data: { n: `${graph.app.status.readyReplicas}` } });
    });
    expect(other.toYaml()).toContain('name: web-app');
  });

  test('and the schema, whose values exist only inside the composition', () => {
    expect(() => `name: ${graph.schema.spec.name}`).toThrow('web.schema.spec.name.toString is read outside a composition');
    const other = () =>
      kubernetesComposition({ name: 'other', spec: type({ name: 'string' }) }, () => {
        ConfigMap({ id: 'own', name: 'x', data: { n: graph.schema.spec.name } });
      });
    expect(other).toThrow(/web\.schema belongs to another composition/);
  });
});

test('a type without fields gives an empty spec in the definition and in the instance', () => {
  const empty = kubernetesComposition({ name: 'empty', spec: type({}), status: type({}) }, () => {
    ConfigMap({ id: 'own', name: 'own', data: {} });
    return {};
  });
  expect(empty.toDefinition()).toMatchObject({ spec: { schema: { kind: 'Empty', spec: {} } } });
  expect(empty.toInstance({})).toMatchObject({ kind: 'Empty', metadata: { name: 'empty' }, spec: {} });
});

describe('the runtime bootstrap', () => {
  const runtime = typeKroRuntimeBootstrap();

  test.each([
    ['0.5', 'oci://ghcr.io/kro-run/kro'],
    ['v0.5.1', 'oci://ghcr.io/kro-run/kro'],
    ['0.50.0', 'oci://registry.k8s.io/kro/charts'],
    ['0.6', 'oci://registry.k8s.io/kro/charts'],
  ])('uses the registry of kro %s', (kroVersion, url) => {
    expect(typeKroRuntimeBootstrap({ kroVersion }).toYaml()).toContain(`url: ${url}\n`);
  });

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

test('a spec may contain an integer beyond 2^53', () => {
  const long = kubernetesComposition({ name: 'long', spec: type({ name: 'string', n: 'number.integer' }) }, (spec) => {
    ConfigMap({ id: 'own', name: spec.name, data: { n: `${spec.n}` } });
  });
  const given = { name: 'a', n: 9_007_199_254_740_993n };
  expect(long.evaluate(given as never).resources[0]?.objects[0]?.['data']).toEqual({ n: '9007199254740993' });
});

test('the objects of a factory are evaluated in its namespace', async () => {
  let target: DeployTarget | undefined;
  const engine = { getInstances: (of: typeof target) => Promise.resolve([(target = of)]) };
  const api = createCompositionApi({ loadDeploy: () => Promise.resolve(engine as never) });
  const placed = api.toResourceGraph(
    { name: 'placed', spec: type({ name: 'string' }) },
    (schema) => ({ own: ConfigMap({ name: schema.spec.name, data: { at: schema.metadata.namespace ?? '' } }) }),
    () => ({}),
  );
  await placed.factory('kro', { namespace: 'team' }).getInstances();
  expect(target?.evaluate(target.instance({ name: 'a' })).resources[0]?.objects[0]?.['data']).toEqual({ at: 'team' });
});
