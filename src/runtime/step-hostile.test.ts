import { assert, constantFrom, jsonValue, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { graphOf } from '../../test/support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test/support/direct-loop.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import type { JsonValue, KubeObject } from '../core/index.ts';

const GRAPH = graphOf(`
schema:
  spec: {names: "[]string", on: boolean, k: string, more: "map[string]string"}
  status: {a: "\${p.status.address}", b: "\${p.status.lanes.map(l, l + schema.spec.k)}", c: "\${all.size()}"}
resources:
  - id: p
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "p-\${schema.spec.k}"}, spec: {feed: "\${schema.spec.k}", tags: "\${schema.spec.names}"}}
    readyWhen: ["\${p.status.level > 1 || p.status.running}"]
  - id: all
    forEach: [{n: "\${schema.spec.names}"}]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${n}"}, data: "\${schema.spec.more}"}
  - id: late
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {x: "\${p.status.lanes[0]}", y: "\${string(all.size())}"}}
    includeWhen: ["\${schema.spec.on}", "\${p.status.level < 5}"]
`);

/** Correct values, and arbitrary ones. */
const HOSTILE = oneof(
  jsonValue({ maxDepth: 3 }),
  constantFrom<JsonValue>(
    'x',
    true,
    3,
    ['a', 'b'],
    ['a', 'a'],
    { a: 'b' },
    JSON.parse('{"__proto__":{"x":1},"constructor":2}') as JsonValue,
  ),
);

test('a step throws for no instance and no child, and every decision can be carried out', () => {
  assert(
    property(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (names, on, k, more, level, lanes) => {
      const cluster = new FakeCluster();
      const spec = { names, on, k, more } as Record<string, JsonValue>;
      const key = putInstance(GRAPH, cluster, 'a', spec);
      settle(GRAPH, key, cluster);
      for (const pump of cluster.keys().filter((name) => name.startsWith('Pump'))) {
        cluster.edit(
          pump,
          (object) => void (object.status = { level, lanes, running: on } as Record<string, JsonValue>),
        );
      }
      const { decision } = settle(GRAPH, key, cluster);
      expect(decision.nodes).toHaveLength(3);
      expect(JSON.parse(JSON.stringify(decision.status))).toBeTypeOf('object');
    }),
    { numRuns: 150 },
  );
});

test('keys of the prototype are data like any other', () => {
  const cluster = new FakeCluster();
  const more = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Record<string, JsonValue>;
  const key = putInstance(GRAPH, cluster, 'a', { names: ['n'], on: false, k: 'k', more });
  settle(GRAPH, key, cluster);
  const data = cluster.get('ConfigMap/ns/n')?.['data'];
  expect(JSON.stringify(data)).toBe('{"__proto__":"x","constructor":"y","toString":"z"}');
  expect(decide(GRAPH, cluster.get(key) as KubeObject, cluster).apply).toEqual([]);
});

test('a node may have the name of a member of Object.prototype', () => {
  const graph = graphOf(`
schema: {}
resources:
  - id: constructor
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v}}
  - id: valueOf
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: v}, data: {k: "\${constructor.data.k}"}}
`);
  const cluster = new FakeCluster();
  expect(settle(graph, putInstance(graph, cluster, 'a', {}), cluster).decision.state).toBe('ACTIVE');
});
