import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { putInstance, settle } from '../../../test-support/direct-loop.ts';
import { FakeCluster } from '../../../test-support/fake-cluster.ts';
import { templateManager } from '../objects/field-managers.ts';

const FEATURES = { managedResources: true, variables: true };
const map = (name: string) => `template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}}`;
const YAML = `
schema: {spec: {on: boolean, tags: "[]string"}, status: {n: "\${a.metadata.name}"}}
resources:
  - {id: names, variable: {x: "\${schema.spec.on}"}}
  - {id: a, ${map('a')}}
  - {id: left, includeWhen: ["\${schema.spec.on}"], ${map('left')}}
  - {id: parts, forEach: [{t: "\${schema.spec.tags}"}], ${map('${t}')}}
  - {id: one, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: outside}}}
  - {id: some, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: ns, selector: {matchLabels: {b: y, a: x}}}}}
  - {id: late, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${one.data.gone}"}}}
`;

function run(features = FEATURES, on = false) {
  const graph = graphOf(YAML, { features });
  const cluster = new FakeCluster();
  cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'outside', namespace: 'ns' } });
  const key = putInstance(graph, cluster, 'app', { on, tags: ['x', 'y'] });
  const settled = settle(graph, key, cluster, { step: { revision: 3 } });
  const uid = (name: string) => cluster.get(`ConfigMap/ns/${name}`)?.metadata.uid;
  return { graph, cluster, key, uid, ...settled };
}

function resourcesOf(instance: KubeObject | undefined): { readonly id: string }[] {
  const record = instance?.status?.['graph'] as { readonly resources: { readonly id: string }[] } | undefined;
  return record?.resources ?? [];
}

describe('the record of the objects in the status', () => {
  test('has an entry for each single object that exists, and one for each collection and selection', () => {
    const { instance, uid } = run();
    const config = { apiVersion: 'v1', kind: 'ConfigMap' };
    const at = { ...config, namespace: 'ns' };
    const id = instance?.metadata.uid ?? '';
    expect(instance?.status?.['graph']).toEqual({
      state: 'IN_PROGRESS',
      observedGeneration: instance?.metadata.generation,
      resources: [
        { id: 'a', nodeType: 'Resource', ...at, name: 'a', uid: uid('a'), revision: 3 },
        {
          id: 'parts',
          nodeType: 'Collection',
          ...config,
          selector: `kro.run/instance-id=${id},kro.run/node-id=parts`,
          revision: 3,
        },
        { id: 'one', nodeType: 'External', ...at, name: 'outside', uid: uid('outside') },
        { id: 'some', nodeType: 'ExternalCollection', ...at, selector: 'a=x,b=y' },
      ],
    });
  });

  test('is stable, follows the inclusion of nodes, and shows the deletion', () => {
    const { graph, cluster, key } = run(FEATURES, true);
    const ids = () => resourcesOf(cluster.get(key)).map(({ id }) => id);
    expect(ids()).toEqual(['a', 'left', 'parts', 'one', 'some']);
    const again = settle(graph, key, cluster, { step: { revision: 3 } });
    expect([again.rounds, again.decision.statusChanged]).toEqual([0, false]);
    cluster.edit(key, (object) => Object.assign(object.spec ?? {}, { on: false }));
    settle(graph, key, cluster, { step: { revision: 3 } });
    expect(ids()).toEqual(['a', 'parts', 'one', 'some']);
    cluster.edit(`ConfigMap/ns/a`, (object) => void (object.metadata.finalizers = ['example.com/keep']));
    cluster.remove(key);
    settle(graph, key, cluster, { step: { revision: 3 } });
    expect(cluster.get(key)?.status).toMatchObject({ state: 'DELETING', graph: { state: 'DELETING' } });
  });

  test.each<[string, (cluster: FakeCluster) => void, readonly unknown[]]>([
    [
      'has no entry for an object that another instance owns',
      (cluster) => {
        cluster.edit('ConfigMap/ns/a', ({ metadata }) => {
          metadata.labels = { ...metadata.labels, 'applyset.kubernetes.io/part-of': 'applyset-other-v1' };
        });
      },
      [],
    ],
    [
      'has no entry for an object that a Graph writes',
      (cluster) => {
        const metadata = { name: 'a', namespace: 'ns' };
        cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { k: 'v' } }, templateManager('u-1'));
      },
      [],
    ],
    [
      'keeps an entry unchanged after a refused write',
      (cluster) => {
        cluster.refuse.set('ConfigMap/ns/a', { code: 403, reason: 'Forbidden', message: 'no' });
        cluster.edit('ConfigMap/ns/a', ({ metadata }) => void (metadata.labels = {}));
      },
      [3],
    ],
    ['gets the number of the revision that writes an object', () => undefined, [4]],
  ])('%s', (_title, change, revisions) => {
    const { graph, cluster, key } = run();
    change(cluster);
    settle(graph, key, cluster, { step: { revision: 4 } });
    const own = resourcesOf(cluster.get(key)).filter(({ id }) => id === 'a');
    expect(own.map((entry) => 'revision' in entry && entry.revision)).toEqual(revisions);
  });

  test('stays when the controller refuses the instance and visits none of its nodes', () => {
    const { graph, cluster, key } = run();
    const before = cluster.get(key)?.status?.['graph'] as { resources: unknown };
    const refused = { ...graph, instanceProblem: 'refused' };
    settle(refused, key, cluster, { step: { revision: 4 } });
    expect(cluster.get(key)?.status?.['graph']).toEqual({ ...before, state: 'ERROR' });
  });

  test('is absent from the status and from the kind without the feature', () => {
    const { instance, graph } = run({ variables: true } as typeof FEATURES);
    expect(instance?.status).not.toHaveProperty('graph');
    expect(JSON.stringify(graph.instance.crd)).not.toContain('ExternalCollection');
    expect(JSON.stringify(run().graph.instance.crd)).toContain('ExternalCollection');
  });
});
