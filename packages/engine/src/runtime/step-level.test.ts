import { describe, expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { conditionOf, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonObject } from '@typekro/kit/core';
import { templateManager } from './objects/field-managers.ts';
import { encodedLabel } from './objects/labels.ts';
import type { ApiFailure } from './report.ts';

/** The state of an instance at level 0.10, and the message of its condition ResourcesReady. */
function outcome(yaml: string, spec: JsonObject, prepare: (cluster: FakeCluster) => void = () => undefined) {
  const graph = graphOf(yaml, { kroCompatibility: '0.10' });
  const cluster = new FakeCluster();
  prepare(cluster);
  const key = putInstance(graph, cluster, 'i', spec);
  const settled = settle(graph, key, cluster);
  const { instance, decision } = settled;
  return {
    cluster,
    key,
    graph,
    instance,
    state: decision.state,
    message: conditionOf(instance, 'ResourcesReady')?.message,
  };
}

const configMap = (id: string, data: string, name = id) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}, data: ${data}}}\n`;

const refused = (code: number, reason: string): ApiFailure => ({ code, reason, message: `the server says ${reason}` });

describe('the messages of kro 0.10', () => {
  test.each<[string, string, JsonObject, string, string]>([
    [
      'an external object is missing',
      `resources:
  - {id: e, externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: outside}}}
${configMap('c', '{v: "${e.data.v}"}')}`,
      {},
      'IN_PROGRESS',
      'waiting for unresolved resource: apply "e" (ref): external ref ConfigMap "ns/outside" not found: executor: node not ready',
    ],
    [
      'data is missing',
      `resources:
${configMap('a', '{k: v}')}${configMap('b', '{v: "${a.data.other}"}')}`,
      {},
      'IN_PROGRESS',
      'waiting for unresolved resource: apply "b": resolve: node "b": eval "a.data.other" at "data.v": eval "a.data.other": no such key: other (data pending) (executor: node not ready)',
    ],
    [
      'an object is not ready',
      `resources:
  - {id: a, readyWhen: ["\${a.data.k == 'x'}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}}
`,
      {},
      'IN_PROGRESS',
      `waiting for unresolved resource: apply "a": node "a": readyWhen "a.data.k == 'x'" is false: waiting for readiness (executor: node not ready)`,
    ],
    [
      'an item is not ready',
      `schema: {spec: {names: "[]string"}}
resources:
  - id: c
    forEach: [{n: "\${schema.spec.names}"}]
    readyWhen: ["\${each.data.k == 'x'}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: {k: "\${n}"}}
`,
      { names: ['x', 'y'] },
      'IN_PROGRESS',
      `waiting for unresolved resource: apply "c": node "c": readyWhen "each.data.k == 'x'" (item 1) is false: waiting for readiness (executor: node not ready)`,
    ],
    [
      'two expressions fail',
      `schema: {spec: {a: string, b: string}}
resources:
${configMap('p', '{v: "${string(int(schema.spec.a))}"}')}${configMap('q', '{v: "${string(int(schema.spec.b))}"}')}`,
      { a: 'x', b: 'y' },
      'ERROR',
      `resource reconciliation failed: apply "p": resolve: node "p": eval "string(int(schema.spec.a))" at "data.v": eval "string(int(schema.spec.a))": type conversion error from 'string' to 'int'
apply "q": resolve: node "q": eval "string(int(schema.spec.b))" at "data.v": eval "string(int(schema.spec.b))": type conversion error from 'string' to 'int'`,
    ],
    [
      'two nodes render the same object',
      `schema: {spec: {a: string, b: string}}
resources:
${configMap('left', '{s: l}', '${schema.spec.a}')}${configMap('right', '{s: r}', '${schema.spec.b}')}`,
      { a: 'same', b: 'same' },
      'ERROR',
      'duplicate resource in graph: executor: duplicate resource identity across nodes: nodes "left" and "right" both render v1/ConfigMap/ns/same',
    ],
    [
      'two items render the same object',
      `schema: {spec: {names: "[]string"}}
resources:
  - id: c
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}}
`,
      { names: ['x', 'x'] },
      'ERROR',
      'resource reconciliation failed: apply "c": resolve: node "c": duplicate identity in collection: /v1/ConfigMap//x',
    ],
  ])('%s', (_title, yaml, spec, state, message) => {
    expect(outcome(yaml, spec)).toMatchObject({ state, message });
  });
});

describe('items of a collection', () => {
  const collection = `schema: {spec: {names: "[]string", v: string}}
resources:
  - id: c
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: {v: "\${schema.spec.v}"}}
`;

  test('make the node fail if the server refuses to create them', () => {
    const { state, message } = outcome(collection, { names: ['a', 'b'], v: '1' }, (cluster) =>
      cluster.refuse.set('ConfigMap/ns/b', refused(422, 'Invalid')),
    );
    expect(state).toBe('ERROR');
    expect(message).toBe('resource reconciliation failed: apply "c": item ns/b: the server says Invalid');
  });

  test('make the node wait if they cannot be created for another reason', () => {
    const { state, message } = outcome(collection, { names: ['a', 'b'], v: '1' }, (cluster) =>
      cluster.refuse.set('ConfigMap/ns/b', refused(404, 'NotFound')),
    );
    expect(state).toBe('IN_PROGRESS');
    expect(message).toBe(
      'waiting for unresolved resource: apply "c": collection "c": 1 item(s) failed to apply: item ns/b: the server says NotFound (executor: node not ready)',
    );
  });

  test('whose update the server refuses keep their present state, and the status names the refusal', () => {
    const { cluster, graph, key } = outcome(collection, { names: ['a'], v: '1' });
    cluster.edit(key, (instance) => void (instance['spec'] = { names: ['a'], v: '2' }));
    cluster.refuse.set('ConfigMap/ns/a', refused(422, 'Invalid'));
    const { decision, instance } = settle(graph, key, cluster);
    expect(decision.state).toBe('ERROR');
    expect(decision.nodes[0]).toMatchObject({ id: 'c', state: 'failed', because: { kind: 'write-failed' } });
    expect(conditionOf(instance, 'ResourcesReady')?.message).toBe(
      'resource reconciliation failed: apply "c": item ns/a: the server says Invalid',
    );
  });
});

test.each([
  ['short', '0.10', 'short'],
  ['x'.repeat(63), '0.10', 'x'.repeat(63)],
  [`${'a'.repeat(40)}/${'b'.repeat(40)}`, '0.10', 'h-a5710c34e5369dda128f7aefdc48bb5c3d3408b2'],
  ['x'.repeat(64), '0.9', 'x'.repeat(64)],
] as const)('the label of %s at the level %s is %s', (value, level, label) => {
  expect(encodedLabel(value, level)).toBe(label);
});

test('an object that a Graph writes is refused until the Graph is deleted', () => {
  const yaml = `resources:\n${configMap('c', '{from: instance}', 'shared')}`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared', namespace: 'ns' } };
  const { cluster, key, graph, state, message } = outcome(yaml, {}, (before) => {
    before.apply({ ...object, data: { from: 'graph' } }, templateManager('uid of a Graph'));
  });
  expect(state).toBe('IN_PROGRESS');
  expect(message).toBe(
    'field manager conflict: apply "c": template ConfigMap "ns/shared" owned by a foreign kro Graph: executor: field owned by a foreign field manager (executor: node not ready)',
  );
  expect(cluster.get('ConfigMap/ns/shared')).toMatchObject({ data: { from: 'graph' } });
  cluster.remove('ConfigMap/ns/shared');
  expect(settle(graph, key, cluster).decision.state).toBe('ACTIVE');
  expect(cluster.get('ConfigMap/ns/shared')).toMatchObject({ data: { from: 'instance' } });
});

test.each([
  ['is refused where the kind Graph is served', { graphKind: true }, 'ERROR', 'graph'],
  ['is taken over where the kind Graph is not served, as in kro 0.9', {}, 'ACTIVE', 'instance'],
])('at 0.9, an object that a Graph writes %s', (_title, step, state, from) => {
  const graph = graphOf(`resources:\n${configMap('c', '{from: instance}', 'shared')}`, { kroCompatibility: '0.9' });
  const cluster = new FakeCluster();
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared', namespace: 'ns' } };
  cluster.apply({ ...object, data: { from: 'graph' } }, templateManager('uid of a Graph'));
  const { decision } = settle(graph, putInstance(graph, cluster, 'i', {}), cluster, { step });
  expect(decision.state).toBe(state);
  expect(cluster.get('ConfigMap/ns/shared')).toMatchObject({ data: { from } });
});

describe('the writes', () => {
  test('children have annotations with their node and depth, and a label with the digest of a long instance name', () => {
    const graph = graphOf(
      `resources:
${configMap('a', '{k: v}')}${configMap('b', '{v: "${a.data.k}"}')}${configMap('free', '{k: v}')}`,
      { kroCompatibility: '0.10' },
    );
    const cluster = new FakeCluster();
    const name = 'n'.repeat(70);
    settle(graph, putInstance(graph, cluster, name, {}), cluster);
    const metadata = (key: string) => cluster.get(`ConfigMap/ns/${key}`)?.metadata;
    expect(metadata('b')?.annotations).toEqual({
      'internal.kro.run/apply-order': '2',
      'internal.kro.run/node-path': 'b',
      'internal.kro.run/instance-name': name,
    });
    expect(metadata('free')?.annotations?.['internal.kro.run/apply-order']).toBe('1');
    expect(metadata('b')?.labels?.['kro.run/instance-name']).toBe(encodedLabel(name, '0.10'));
  });

  test('a status list with a pending element is omitted as a whole, and sibling fields stay', () => {
    const { instance } = outcome(
      `schema: {spec: {}, status: {list: ["\${a.metadata.name}", "\${a.data.later}"], map: {x: "\${a.data.later}", y: "\${a.metadata.name}"}}}
resources:
${configMap('a', '{k: v}')}`,
      {},
    );
    expect(instance?.status).toMatchObject({ map: { y: 'a' } });
    expect(instance?.status).not.toHaveProperty('list');
    expect(instance?.status).not.toHaveProperty('map.x');
  });

  test('status fields of the author are recorded as contributions, and an unreadable record stops all writes', () => {
    const yaml = `schema: {spec: {v: string}, status: {k: "\${a.data.k}"}}
resources:
${configMap('a', '{k: "${schema.spec.v}"}')}`;
    const { cluster, graph, key, instance } = outcome(yaml, { v: '1' });
    const text = instance?.metadata.annotations?.['internal.kro.run/patch-contributions'] ?? '';
    expect(JSON.parse(text)).toEqual([
      {
        apiVersion: 'acme.test/v1',
        kind: 'App',
        namespace: 'ns',
        name: 'i',
        subresource: 'status',
        fieldManager: expect.stringMatching(/^kro-graphengine\.patch\.[0-9a-f]{12}\.[0-9a-f]{12}$/),
      },
    ]);
    cluster.edit(key, (object) => {
      object['spec'] = { v: '2' };
      Object.assign(object.metadata.annotations ?? {}, { 'internal.kro.run/patch-contributions': 'not json' });
    });
    const broken = settle(graph, key, cluster);
    expect(broken.decision).toMatchObject({ state: 'ERROR', apply: [] });
    expect(conditionOf(broken.instance, 'ResourcesReady')?.message).toBe(
      `malformed patch-contribution inventory: unmarshal patch contributions from annotation "internal.kro.run/patch-contributions": invalid character 'o' in literal null (expecting 'u')`,
    );
    expect(cluster.get('ConfigMap/ns/a')?.['data']).toEqual({ k: '1' });
    cluster.edit(key, ({ metadata }) => {
      Object.assign(metadata.annotations ?? {}, { 'internal.kro.run/patch-contributions': '['.repeat(100_000) });
    });
    const deep = settle(graph, key, cluster);
    expect(conditionOf(deep.instance, 'ResourcesReady')?.message).toContain(': exceeded max depth');
  });

  test('a definition with a condition that evaluates to an optional is accepted, but each of its instances fails', () => {
    const { instance, state, cluster } = outcome(
      `resources:
  - {id: a, readyWhen: ["\${optional.of(true)}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}
`,
      {},
    );
    expect(state).toBe('ERROR');
    expect(conditionOf(instance, 'GraphResolved')).toMatchObject({ status: 'False', reason: 'ResolutionFailed' });
    expect(instance?.metadata.finalizers).toEqual(['kro.run/finalizer']);
    expect(cluster.get('ConfigMap/ns/a')).toBeUndefined();
  });
});

test('when two nodes render the same object, the fields of the author in the status stay as they are', () => {
  const { cluster, key, graph } = outcome(
    `schema: {spec: {other: string, n: string}, status: {n: "\${schema.spec.n}"}}
resources:
${configMap('one', '{}', 'same')}${configMap('two', '{}', '${schema.spec.other}')}`,
    { other: 'other', n: '1' },
  );
  const statusOf = () => cluster.get(key)?.status;
  expect(statusOf()).toMatchObject({ n: '1', state: 'ACTIVE' });
  cluster.edit(key, (instance) => void (instance['spec'] = { other: 'same', n: '2' }));
  settle(graph, key, cluster);
  expect(statusOf()).toMatchObject({ n: '1', state: 'ERROR' });
});
