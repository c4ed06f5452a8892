import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';

const map = (name: string, namespace: string) =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}${namespace}}}`;
const mine = `{id: mine, template: ${map('mine', '')}}`;
const step = { namespaces: 'instance' } as const;

describe('objects that must stay in the namespace of the instance', () => {
  const rows: { name: string; resource: string; object: string }[] = [
    {
      name: 'a template with a fixed namespace',
      resource: `{id: away, template: ${map('a', ', namespace: other')}}`,
      object: 'ConfigMap v1 other/a',
    },
    {
      name: 'a namespace that an expression computes',
      resource: `{id: away, template: ${map('a', ', namespace: "${schema.spec.text}"')}}`,
      object: 'ConfigMap v1 elsewhere/a',
    },
    {
      name: 'a template that waits for another node',
      resource: `{id: away, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}, data: {x: "\${mine.data.late}"}}}`,
      object: 'ConfigMap v1 other/a',
    },
    {
      name: 'an item of a collection',
      resource: `{id: away, forEach: [{n: "\${['ns', 'other']}"}], template: ${map('a', ', namespace: "${n}"')}}`,
      object: 'ConfigMap v1 other/a',
    },
    {
      name: 'a cluster-scoped object',
      resource: '{id: away, template: {apiVersion: v1, kind: Namespace, metadata: {name: a}}}',
      object: 'Namespace v1 a',
    },
    {
      name: 'an external reference',
      resource: '{id: away, externalRef: {apiVersion: v1, kind: Secret, metadata: {name: a, namespace: other}}}',
      object: 'Secret v1 other/a',
    },
    {
      name: 'an external selector',
      resource:
        '{id: away, externalRef: {apiVersion: v1, kind: Secret, metadata: {namespace: other, selector: {matchLabels: {a: b}}}}}',
      object: 'Secret v1 other/*',
    },
  ];

  test.each(rows)('$name is refused before any write, and the message names the object', ({ resource, object }) => {
    const graph = graphOf(`schema: {spec: {text: string}}\nresources: [${mine}, ${resource}]`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', { text: 'elsewhere' });
    const { decision, instance } = settle(graph, key, cluster, { step });
    expect(cluster.get('ConfigMap/ns/mine')).toBeUndefined();
    expect(instance?.metadata.finalizers).toBeUndefined();
    expect(decision.state).toBe('ERROR');
    const ready = decision.conditions.find(({ type }) => type === 'ResourcesReady');
    expect(ready?.message).toContain('node "away" must stay in namespace "ns" of the instance');
    expect(ready?.message).toContain(object);
    expect(decision.nodes.find(({ id }) => id === 'mine')?.because).toEqual({
      kind: 'dependency',
      nodes: [{ id: 'away', state: 'failed' }],
    });
  });

  test('an object in the namespace of the instance is written', () => {
    const graph = graphOf(`resources: [${mine}, {id: same, template: ${map('same', ', namespace: ns')}}]`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    expect(settle(graph, key, cluster, { step }).decision.state).toBe('ACTIVE');
  });

  test('existing children stay when the policy is added later', () => {
    const graph = graphOf(`resources: [${mine}, {id: away, template: ${map('a', ', namespace: other')}}]`);
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'a', {});
    expect(settle(graph, key, cluster).decision.state).toBe('ACTIVE');
    const { decision } = settle(graph, key, cluster, { step });
    expect([decision.state, decision.delete, decision.apply]).toEqual(['ERROR', [], []]);
    expect(cluster.get('ConfigMap/other/a')).toBeDefined();
  });
});
