import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { builtinSource, compile, TYPEKRO_FEATURES } from '../../graph/index.ts';
import { breakingChanges } from './breaking-changes.ts';

/** A definition whose status reads a ConfigMap. The resource of the ConfigMap has `members` beside its template. */
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

/** The CRD as it is while the kind of a resource is missing: the status field takes any value. */
function withFreeStatus(crd: KubeObject): KubeObject {
  const text = JSON.stringify(crd);
  const free = text.replace('"size":{"type":"string"}', '"size":{"x-kubernetes-preserve-unknown-fields":true}');
  expect(free).not.toBe(text);
  return JSON.parse(free) as KubeObject;
}

test.each<[string, JsonObject, string[]]>([
  ['no breaking change when its resource may wait for its kind', { optional: true }, []],
  ['a breaking change for any other resource', {}, ['spec.schema.status.size']],
])('a status field that gets its type is %s', (_, members, expected) => {
  const definition = definitionWith(members);
  const { graph } = compile(definition, { sources: builtinSource(), target: 'typekro', features: TYPEKRO_FEATURES });
  if (graph === undefined) throw new Error('the definition does not compile');
  const found = breakingChanges({ object: definition as unknown as KubeObject, file: 'pots.yaml' }, graph, [
    withFreeStatus(graph.instance.crd),
  ]);
  expect(found.map(({ path }) => path)).toEqual(expected);
});
