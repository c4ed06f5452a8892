import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { compileGraphObject } from '../graph/index.ts';
import { builtinSource } from '../schema/index.ts';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance, settle, statesOf } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';

const FEATURES = { partialDependencies: true };

/** A definition whose node `svc` exists while `on` is true. */
const withReader = (reader: string, features = FEATURES) =>
  graphOf(
    `
schema: {spec: {on: boolean, tags: "[]string | default=[]"}}
resources:
  - id: svc
    includeWhen: ["\${schema.spec.on}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: svc}, data: {url: u}}
  - id: flag
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: flag}, data: {on: "\${string(schema.spec.on)}"}}
  - ${reader}
`,
    { features },
  );

const READER = `{id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {url: "\${flag.data.on == 'true' ? svc.data.url : 'none'}"}}}`;

function run(graph: ReturnType<typeof graphOf>, spec: JsonObject, cluster = new FakeCluster()) {
  const { decision, instance } = settle(graph, putInstance(graph, cluster, 'a', spec), cluster);
  return { cluster, states: statesOf(decision), instance };
}

const dataOf = (cluster: FakeCluster, name: string) => cluster.get(`ConfigMap/ns/${name}`)?.['data'];

describe('with partial dependencies, a node that reads another node in a branch', () => {
  test.each([
    [true, 'u', 'ready: ready'],
    [false, 'none', 'ready: ready'],
  ])('exists when the condition of the other node is %s', (on, url, state) => {
    const { cluster, states } = run(withReader(READER), { on });
    expect(dataOf(cluster, 'cfg')).toEqual({ url });
    expect(states['cfg']).toBe(state);
  });

  test('is skipped without the feature, as in kro', () => {
    const { cluster, states } = run(withReader(READER, {} as typeof FEATURES), { on: false });
    expect(states['cfg']).toBe('skipped: dependency-skipped');
    expect(dataOf(cluster, 'cfg')).toBeUndefined();
  });

  test('keeps its object when the other node is added and removed', () => {
    const graph = withReader(READER);
    const cluster = new FakeCluster();
    run(graph, { on: false }, cluster);
    const { uid } = cluster.get('ConfigMap/ns/cfg')?.metadata ?? {};
    run(graph, { on: true }, cluster);
    expect(dataOf(cluster, 'cfg')).toEqual({ url: 'u' });
    run(graph, { on: false }, cluster);
    expect(dataOf(cluster, 'cfg')).toEqual({ url: 'none' });
    expect(cluster.get('ConfigMap/ns/cfg')?.metadata.uid).toBe(uid);
    expect(dataOf(cluster, 'svc')).toBeUndefined();
  });
});

test.each<[string, string, JsonObject, string]>([
  [
    'a branch that is taken and reads an excluded node excludes the reader',
    `{id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {url: "\${schema.spec.on ? 'x' : svc.data.url}"}}}`,
    { on: false },
    'skipped: dependency-skipped',
  ],
  [
    'one field that takes a branch with an excluded node is enough to exclude the reader',
    `{id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {a: "\${schema.spec.on ? svc.data.url : ''}", url: "\${schema.spec.on ? 'x' : svc.data.url}"}}}`,
    { on: false },
    'skipped: dependency-skipped',
  ],
  [
    'a read of an excluded node outside of branches excludes the reader',
    `{id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {url: "\${schema.spec.on ? svc.data.url : ''}", a: "\${svc.data.url}"}}}`,
    { on: false },
    'skipped: dependency-skipped',
  ],
  [
    'a condition whose taken branch reads no excluded node keeps its node',
    `{id: cfg, includeWhen: ["\${schema.spec.on ? svc.data.url == 'u' : true}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}}}`,
    { on: false },
    'ready: ready',
  ],
  [
    'a condition whose taken branch reads an excluded node excludes its node',
    `{id: cfg, includeWhen: ["\${schema.spec.on ? true : svc.data.url == 'u'}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}}}`,
    { on: false },
    'skipped: dependency-skipped',
  ],
  [
    'a collection is included when its list takes a branch without an excluded node',
    `{id: cfg, forEach: [{n: "\${schema.spec.on ? [svc.data.url] : ['none']}"}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}}}`,
    { on: false },
    'ready: ready',
  ],
  [
    'a collection is included when no item needs an excluded node',
    `{id: cfg, forEach: [{n: "\${schema.spec.tags}"}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: {url: "\${n == 'a' ? svc.data.url : 'none'}"}}}`,
    { on: false, tags: ['b', 'c'] },
    'ready: ready',
  ],
  [
    'one item that needs an excluded node excludes the whole collection',
    `{id: cfg, forEach: [{n: "\${schema.spec.tags}"}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: {url: "\${n == 'a' ? svc.data.url : 'none'}"}}}`,
    { on: false, tags: ['b', 'a'] },
    'skipped: dependency-skipped',
  ],
])('%s', (_title, reader, spec, state) => {
  expect(run(withReader(reader), spec).states['cfg']).toBe(state);
});

test('while a node is not ready, its reader waits only if the branch that reads the node is taken', () => {
  const graph = graphOf(
    `
schema: {spec: {use: boolean}}
resources:
  - {id: svc, readyWhen: ["\${svc.data.url == 'other'}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: svc}, data: {url: u}}}
  - {id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {url: "\${schema.spec.use ? svc.data.url : 'none'}"}}}
  - {id: opt, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: opt}, data: {url: "\${schema.spec.use ? svc.?data.url.orValue('gone') : 'none'}"}}}
`,
    { features: FEATURES },
  );
  expect(run(graph, { use: true }).states).toEqual({
    svc: 'waiting: not-ready',
    cfg: 'pending: dependency',
    opt: 'pending: dependency',
  });
  expect(run(graph, { use: false }).states).toEqual({
    svc: 'waiting: not-ready',
    cfg: 'ready: ready',
    opt: 'ready: ready',
  });
});

test('branches in a subgraph of a Graph read the nodes of the subgraph by their ids', () => {
  const map = (name: string, url: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { url },
  });
  const inner = [
    { id: 'svc', includeWhen: ["${flag.on == 'yes'}"], template: map('svc', 'u') },
    { id: 'flag', def: { on: 'no' } },
    { id: 'cfg', template: map('cfg', "${flag.on == 'yes' ? svc.data.url : 'none'}") },
    { id: 'wrong', template: map('wrong', "${flag.on == 'no' ? svc.data.url : 'none'}") },
  ];
  const spec = {
    nodes: [
      { id: 'root', template: map('root', 'x') },
      { id: 'sub', graph: { nodes: inner } },
    ],
  };
  const object = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'g', namespace: 'ns' }, spec };
  const { graph } = compileGraphObject(object, { sources: builtinSource(), features: FEATURES });
  if (graph === undefined) throw new Error('the Graph does not compile');
  const cluster = new FakeCluster();
  cluster.put(object);
  const { decision } = settle(graph, 'Graph.kro.run/ns/g', cluster, {
    step: { account: 'system:serviceaccount:ns:default' },
  });
  expect(statesOf(decision)).toMatchObject({
    'sub/svc': 'skipped: excluded',
    'sub/cfg': 'ready: ready',
    'sub/wrong': 'skipped: dependency-skipped',
  });
});

test('a dependency in a branch is in dependsOn and in the order of writes', () => {
  const graph = withReader(READER);
  expect(graph.nodes.get('cfg')?.dependsOn).toEqual(['flag', 'svc']);
  expect(graph.applyOrder.get('cfg')).toBe(2);
});
