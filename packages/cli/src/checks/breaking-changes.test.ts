import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES, compile, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import type { ComparedFacets } from '@typekro/engine/schema';
import { breakingChanges } from './breaking-changes.ts';

/** Returns a definition whose status reads a ConfigMap. `members` are added to the ConfigMap's resource. */
function definitionWith(members: JsonObject): JsonObject {
  const template = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { size: 'one' } };
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'pots' },
    spec: {
      schema: { apiVersion: 'v1alpha1', kind: 'Pot', spec: { n: 'integer' }, status: { size: '${addon.data.size}' } },
      resources: [{ id: 'addon', template, ...members }],
    },
  };
}

/**
 * Returns the CRD in the form that it has while the kind of a resource is missing: the status field accepts any value.
 */
function withFreeStatus(crd: KubeObject): KubeObject {
  const text = JSON.stringify(crd);
  const free = text.replace('"size":{"type":"string"}', '"size":{"x-kubernetes-preserve-unknown-fields":true}');
  expect(free).not.toBe(text);
  return JSON.parse(free) as KubeObject;
}

const compiled = (definition: JsonObject) => {
  const { graph } = compile(definition, { sources: builtinSource(), target: 'typekro', features: TYPEKRO_FEATURES });
  if (graph === undefined) throw new Error('the definition does not compile');
  return graph;
};
const changesOf = (definition: JsonObject, before: KubeObject, facets: ComparedFacets = 'engine') =>
  breakingChanges({ object: definition as KubeObject, file: 'pots.yaml' }, compiled(definition), [before], facets);

test.each<[string, JsonObject, string[]]>([
  ['not a breaking change when the resource that it reads is optional', { optional: true }, []],
  ['a breaking change when the resource that it reads is not optional', {}, ['spec.schema.status.size']],
])('a status field whose type becomes known is %s', (_, members, expected) => {
  const definition = definitionWith(members);
  const found = changesOf(definition, withFreeStatus(compiled(definition).instance.crd));
  expect(found.map(({ path }) => path)).toEqual(expected);
});

/** Returns a definition with this schema. */
const definitionOf = (schema: JsonObject): JsonObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots' },
  spec: { schema: { apiVersion: 'v1alpha1', kind: 'Pot', ...schema }, resources: [] },
});

test.each<[string, JsonObject, JsonObject, ComparedFacets, string[]]>([
  ['another version', { spec: {} }, { apiVersion: 'v1', spec: {} }, 'engine', ['spec.schema.apiVersion']],
  ['another type', { spec: { n: 'string' } }, { spec: { n: 'integer' } }, 'engine', ['spec.schema.spec.n']],
  [
    'an enum, for kro 0.10',
    { spec: { n: 'string' } },
    { spec: { n: 'string | enum="a,b"' } },
    'engine',
    ['spec.schema.spec.n'],
  ],
  ['an enum, which kro 0.9 allows', { spec: { n: 'string' } }, { spec: { n: 'string | enum="a,b"' } }, 'none', []],
])('%s: each breaking change is reported at its place in the definition', (_, earlier, later, facets, expected) => {
  const before = compiled(definitionOf(earlier)).instance.crd;
  const found = changesOf(definitionOf(later), before, facets);
  expect(found.map(({ path }) => path)).toEqual(expected);
  for (const { hint } of found) expect(hint).toContain('give the definition another kind');
});

test('a change of a CustomResourceDefinition with two versions is refused, even with the annotation that allows breaking changes', () => {
  const definition = definitionOf({ spec: {} });
  const { crd } = compiled(definition).instance;
  const versions = (crd.spec?.['versions'] ?? []) as JsonObject[];
  const before = { ...crd, spec: { ...crd.spec, versions: [...versions, { ...versions[0], name: 'v2' }] } };
  const metadata = { name: 'pots', annotations: { [ALLOW_BREAKING_CHANGES]: 'true' } };
  for (const each of [definition, { ...definition, metadata }]) {
    expect(changesOf(each, before).map(({ message, path }) => ({ message, path }))).toEqual([
      {
        message:
          'a controller refuses to change the CustomResourceDefinition pots.kro.run: expected exactly one version in each CRD, got 2 old and 1 new versions',
        path: 'spec.schema',
      },
    ]);
  }
});
