import { expect, test } from 'vitest';
import { graphOf } from '../../../test/support/compile-graph.ts';
import { previewDefinition } from '../../controller/index.ts';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { definitionPlan } from './definition-plan.ts';

/** Returns the plan's lines about nodes for a change of a definition's resources. */
function nodesOf(before: JsonObject, after: JsonObject) {
  const graph = graphOf(JSON.stringify({ resources: [after] }));
  const object = (resource: JsonObject): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'app', uid: '1' },
    spec: { schema: { apiVersion: 'v1', kind: 'App' }, resources: [resource] },
  });
  const [live, next] = [object(before), object(after)];
  const shared = { graph, object: next, crd: undefined, instances: [] };
  const preview = previewDefinition({ ...shared, revisions: [] });
  return definitionPlan({ ...shared, place: 'app.yaml:1', live, preview, facets: 'none' }).nodes;
}

const external = { id: 'a', externalRef: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } } };
const secret = (password: string) => ({
  id: 'a',
  template: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { password } },
});
const map = { id: 'a', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } } };

test.each<[string, JsonObject, JsonObject]>([
  ['a template that is added', external, secret('hunter2-new')],
  ['a template that is removed', secret('hunter2-old'), external],
  ['a changed literal', secret('hunter2-old'), secret('hunter2-new')],
  ['another kind before', map, secret('hunter2-new')],
  ['another kind after', secret('hunter2-old'), map],
])('literals of a Secret template are hidden in %s', (_what, before, after) => {
  const nodes = nodesOf(before, after);
  expect(nodes).toHaveLength(1);
  expect(nodes[0]?.fields.length).toBeGreaterThan(0);
  expect(JSON.stringify(nodes)).not.toContain('hunter2');
});
