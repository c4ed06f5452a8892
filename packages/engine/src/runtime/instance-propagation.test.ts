import { expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile, parseDefinitions } from '../graph/index.ts';
import { heldInstances } from './index.ts';

/**
 * Returns the instances, out of `a`, `b`, `c` and `d`, that keep an old revision because of the condition. Only the
 * instance `a` follows the newest revision. By default, the instance `d` is not ready with its own revision.
 */
function heldBy(condition: string, notReady: readonly string[] = ['d']): readonly string[] {
  const [document] = parseDefinitions(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: apps}
spec:
  schema: {apiVersion: v1alpha1, kind: App, spec: {go: boolean}}
  propagateWhen: ['${condition}']
  resources:
    - {id: map, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}}
`).documents;
  if (document === undefined) throw new Error('no document');
  const features = { propagateWhen: true };
  const { graph, diagnostics } = compile(document, { sources: builtinSource(), features, target: 'typekro' });
  if (graph?.propagateWhen === undefined) throw new Error(JSON.stringify(diagnostics));
  const instances = ['a', 'b', 'c', 'd'].map((id) => ({
    id,
    object: { apiVersion: 'kro.run/v1alpha1', kind: 'App', metadata: { name: id }, spec: { go: id !== 'c' } },
    updated: id === 'a',
    ready: !notReady.includes(id),
  }));
  return [...heldInstances(graph.propagateWhen, instances, { now: 0 }).held.keys()];
}

test.each([
  ['${true}', []],
  ['${app.spec.go}', ['c']],
  ['${app.ready()}', ['d']],
  ['${linearlyReady(app, apps, 2)}', ['c', 'd']],
  ['${apps.ready()}', ['b', 'c', 'd']],
  ['${apps.all(a, a.ready())}', ['b', 'c', 'd']],
])('the condition %s holds the new revision back from %j', (condition, held) => {
  expect(heldBy(condition)).toEqual(held);
});

test('a condition about all instances holds nothing back while it is true', () => {
  expect(heldBy('${apps.ready()}', [])).toEqual([]);
});
