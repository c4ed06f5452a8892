import { type } from 'arktype';
import { expect, test } from 'vitest';
import { createCompositionApi, createResource } from '@typekro/sdk/compose';
import type { JsonObject } from '@typekro/kit/core';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition, toResourceGraph } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const spec = type({ a: 'string', b: 'string', on: 'boolean', marks: { '[string]': 'string' } });
type Spec = typeof spec.infer;

/** The annotations of each resource that has annotations, by its id. `dependsOn` adds an annotation. */
function dependencies(composition: { toDefinition(): unknown }): Readonly<Record<string, JsonObject>> {
  const { resources } = (composition.toDefinition() as { spec: { resources: { id: string; template?: { metadata: JsonObject } }[] } }).spec;
  const entries = resources.map(({ id, template }) => [id, template?.metadata['annotations']] as const);
  return Object.fromEntries(entries.filter(([, annotations]) => annotations !== undefined)) as never;
}

const on = (id: string) => ({ [`typekro.dev/depends-on-${id}`]: `\${${id}.metadata.name}` });

const pair = kubernetesComposition({ name: 'pair', spec: type({ name: 'string' }) }, (s) => {
  const first = ConfigMap({ id: 'first', name: s.name });
  ConfigMap({ id: 'second', name: `${s.name}-2` }).dependsOn(first);
  return { n: first.metadata.name };
});
const byId = kubernetesComposition({ name: 'by-id', spec: type({ name: 'string' }) }, (s) => {
  ConfigMap({ id: 'first', name: s.name });
  ConfigMap({ id: 'second', name: `${s.name}-2` }).dependsOn('first');
  return { n: s.name };
});
const middle = kubernetesComposition({ name: 'middle', spec: type({ name: 'string' }) }, (s) => {
  const both = pair({ name: s.name });
  ConfigMap({ id: 'after', name: 'after' }).dependsOn(both);
  return { n: s.name };
});

test.each<[string, (s: Spec) => unknown, Readonly<Record<string, JsonObject>>]>([
  [
    'to whose derived id a number is added',
    (s) => {
      ConfigMap({ name: s.a });
      const second = ConfigMap({ name: s.b });
      ConfigMap({ id: 'c', name: 'c' }).dependsOn(second);
    },
    { c: on('configMap2') },
  ],
  [
    'whose derived id is a reserved word',
    (s) => {
      const home = createResource({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: s.a } });
      ConfigMap({ id: 'c', name: 'c' }).dependsOn(home);
    },
    { c: on('namespaceObject') },
  ],
  ['of the same nested composition', (s) => void pair({ name: s.a }), { pair1Second: on('pair1First') }],
  [
    'of a nested composition, although the outer composition has a resource with the same id',
    (s) => {
      ConfigMap({ id: 'first', name: 'outer' });
      pair({ name: s.a });
    },
    { pair1Second: on('pair1First') },
  ],
  [
    'that a nested composition names by its id',
    (s) => {
      ConfigMap({ id: 'first', name: 'outer' });
      byId({ name: s.a });
    },
    { byId1Second: on('byId1First') },
  ],
  [
    'that is the last one of a nested composition, also two levels deep',
    (s) => void middle({ name: s.a }),
    { middle1Pair1Second: on('middle1Pair1First'), middle1After: on('middle1Pair1Second') },
  ],
  [
    'that only a branch with a throw creates (no dependency)',
    (s) => {
      const c = ConfigMap({ id: 'c', name: 'c' });
      if (s.on) {
        const other = ConfigMap({ name: s.b });
        c.dependsOn(other);
        throw new Error('off, please');
      }
      ConfigMap({ name: s.a });
    },
    {},
  ],
])('the graph has the expected dependency on a resource %s', (_, program, expected) => {
  const composition = kubernetesComposition({ name: 'outer', spec }, (s) => void program(s) as never);
  expect(dependencies(composition)).toEqual(expected);
});

test('dependsOn refers to a resource by its key in the object that the builder returns', () => {
  const composition = toResourceGraph(
    { name: 'outer', spec, status: type({ n: 'string' }) },
    ({ spec: s }) => {
      const db = ConfigMap({ name: s.a });
      return { db, web: ConfigMap({ name: s.b }).dependsOn(db) };
    },
    ({ spec: s }) => ({ n: s.a }),
  );
  expect(dependencies(composition)).toEqual({ web: on('db') });
});

test.each<[string, (s: Spec) => object]>([
  ['of the spec', (s) => ({ name: 'c', annotations: s.marks })],
  ['under a condition', (s) => ({ name: 'c', annotations: s.on ? s.marks : { mine: 'x' } })],
  ['in metadata under a condition', (s) => (s.on ? { name: 'c', annotations: s.marks } : { name: 'c' })],
])('a dependency is added to annotations %s', (_, metadata) => {
  const composition = kubernetesComposition({ name: 'outer', spec }, (s) => {
    const first = ConfigMap({ id: 'first', name: s.a });
    const c = createResource({ id: 'c', apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(s) });
    c.dependsOn(first);
    return {};
  });
  const { resources } = composition.evaluate({ a: 'a', b: 'b', on: true, marks: { own: 'm' } });
  expect(resources.find(({ id }) => id === 'c')?.objects[0]?.['metadata']).toMatchObject({
    name: 'c',
    annotations: { own: 'm', 'typekro.dev/depends-on-first': 'a' },
  });
});
