import { assert, constantFrom, jsonValue, oneof, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { JsonValue, KubeObject } from '@typekro/kit/core';

const DEFINITION = `
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
  - id: values
    variable: {lane: "\${p.status.lanes[0]}", level: "\${p.status.level}", k: "\${schema.spec.k}"}
    includeWhen: ["\${p.status.lanes.size() < 5}"]
    readyWhen: ["\${values.level > 1}"]
  - id: lists
    forEach: [{lane: "\${p.status.lanes}"}, {n: "\${schema.spec.names}"}]
    variable: {text: "\${lane + n}"}
  - id: other
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${p.status.lanes[0]}"}}
    includeWhen: ["\${p.status.lanes.size() > 1}"]
  - id: others
    externalRef: {apiVersion: v1, kind: ConfigMap, metadata: {selector: {matchLabels: {lane: "\${p.status.lanes[0]}"}}}}
    includeWhen: ["\${p.status.lanes.size() > 1}"]
  - id: last
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: last}, data: {lane: "\${values.lane}", all: "\${string(lists.size() + others.size())}", other: "\${other.metadata.name}"}}
`;
const LEVELS = ['0.9', '0.10'] as const;
const GRAPHS = new Map(LEVELS.map((level) => [level, graphOf(DEFINITION, { kroCompatibility: level })]));

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

/** A value of a field. Most values are correct, so that the nodes that depend on the field are also reached. */
const field = (...correct: JsonValue[]) =>
  oneof({ weight: 3, arbitrary: constantFrom(...correct) }, { weight: 1, arbitrary: HOSTILE });

/** An object without some of its fields. An expression that reads a missing field waits. */
const SPEC = record(
  { names: field(['a'], ['a', 'b'], []), on: field(true, false), k: field('k'), more: field({}, { x: 'y' }) },
  { requiredKeys: [] },
);
const STATUS = record(
  { level: field(3, 0), lanes: field(['l'], ['l', 'm'], []), running: field(true, false), address: field('x') },
  { requiredKeys: [] },
);

test.each(LEVELS)(
  'at level %s, a step never throws for any instance or child, and every decision can be carried out',
  (level) => {
    const graph = GRAPHS.get(level)!;
    assert(
      property(SPEC, STATUS, (spec, status) => {
        const cluster = new FakeCluster();
        const key = putInstance(graph, cluster, 'a', spec);
        settle(graph, key, cluster);
        for (const pump of cluster.keys().filter((name) => name.startsWith('Pump'))) {
          cluster.edit(pump, (object) => void (object.status = structuredClone(status)));
        }
        const { decision } = settle(graph, key, cluster);
        expect(decision.nodes).toHaveLength(graph.nodes.size);
        expect(JSON.parse(JSON.stringify(decision.status))).toBeTypeOf('object');
      }),
      { numRuns: 150 },
    );
  },
);

test.each(LEVELS)('at level %s, names of prototype members are ordinary keys', (level) => {
  const graph = GRAPHS.get(level)!;
  const cluster = new FakeCluster();
  const more = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Record<string, JsonValue>;
  const key = putInstance(graph, cluster, 'a', { names: ['n'], on: false, k: 'k', more });
  settle(graph, key, cluster);
  const data = cluster.get('ConfigMap/ns/n')?.['data'];
  expect(JSON.stringify(data)).toBe('{"__proto__":"x","constructor":"y","toString":"z"}');
  expect(decide(graph, cluster.get(key) as KubeObject, cluster).apply).toEqual([]);
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
