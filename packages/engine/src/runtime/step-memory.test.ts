import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { carryOut, putInstance } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import { graphObjectOf, GraphObjects } from '../../test-support/graph-objects.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type Decision, type StepOptions, step, StepMemory } from './index.ts';

/** A chain: a single object, a collection, and a node that reads both. */
const PUMPS = graphOf(`
schema: {spec: {litres: integer, items: "[]string"}, status: {count: "\${string(many.size())}"}}
resources:
  - id: first
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: first}, spec: {litres: "\${schema.spec.litres}"}}
  - id: many
    forEach: [{it: "\${schema.spec.items}"}]
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "many-\${it}"}, spec: {litres: "\${first.spec.litres}"}}
  - id: last
    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: last, annotations: {seen: "\${string(many.size())}"}}, spec: {litres: "\${first.spec.litres}"}}
`);

const NOW = Date.parse('2026-11-01T00:00:00Z');

/** The decision without `evaluations`, which a memory may change. */
const decided = ({ evaluations: _evaluations, ...decision }: Decision) => decision;

/**
 * Repeats steps and carries out their decisions, until a decision is quiet. Also takes each step without the memory,
 * and checks that the decision is the same.
 */
function settle(cluster: FakeCluster, key: string, options: Partial<StepOptions> & { readonly memory: StepMemory }) {
  for (let round = 0; round < 40; round += 1) {
    const instance = cluster.get(key) as KubeObject;
    const view = cluster.view(PUMPS);
    const { memory: _memory, ...fresh } = options;
    const decision = step(PUMPS, instance, view, { now: NOW, ...options });
    expect(decided(decision)).toEqual(decided(step(PUMPS, instance, view, { now: NOW, ...fresh })));
    for (const { target, pair } of decision.equivalences) cluster.setEquivalence(target, pair);
    if (decision.quiet) return decision;
    carryOut(key, decision, cluster);
  }
  throw new Error('does not come to rest');
}

const EDITS = array(
  tuple(
    constantFrom('spec', 'drift', 'delete', 'version', 'limit', 'namespaces'),
    record({
      at: integer({ min: 0, max: 5 }),
      litres: integer({ min: 1, max: 3 }),
      items: constantFrom<string[]>(['a'], ['a', 'b'], ['b', 'c'], []),
    }),
  ),
  { maxLength: 8 },
);

test('a step with a memory makes the same decision as a step without one, after any change', () => {
  assert(
    property(EDITS, (edits) => {
      const cluster = new FakeCluster();
      const key = putInstance(PUMPS, cluster, 'a', { litres: 1, items: ['a', 'b'] });
      const memory = new StepMemory();
      let options: Partial<StepOptions> = {};
      settle(cluster, key, { memory });
      for (const [what, { at, litres, items }] of edits) {
        const pumps = cluster.keys().filter((name) => name.startsWith('Pump'));
        const pump = pumps[at % pumps.length] ?? '';
        if (what === 'spec') cluster.edit(key, (object) => void (object.spec = { litres, items }));
        if (what === 'drift') cluster.edit(pump, (object) => void (object.spec = { litres: litres + 10 }));
        if (what === 'delete') cluster.remove(pump);
        if (what === 'version') options = { ...options, version: `v${litres}` };
        if (what === 'limit') options = { ...options, maxCollectionSize: litres };
        if (what === 'namespaces') options = { ...options, namespaces: 'instance' };
        settle(cluster, key, { ...options, memory });
      }
    }),
    { numRuns: 60 },
  );
});

test('the objects of a node are rendered again only when a value that the node reads has changed', () => {
  const cluster = new FakeCluster();
  const key = putInstance(PUMPS, cluster, 'a', { litres: 1, items: ['a', 'b'] });
  const memory = new StepMemory();
  settle(cluster, key, { memory });
  const evaluations = () => settle(cluster, key, { memory }).evaluations;
  const status = 1;
  expect(evaluations()).toBe(status);

  const collected = 'Pump.parts.test/ns/many-a';
  cluster.edit(collected, (object) => void (object.status = { running: true }));
  const last = 2;
  expect([evaluations(), evaluations()]).toEqual([status + last, status]);

  const instance = cluster.get(key) as KubeObject;
  const stepped = (changed: KubeObject) => step(PUMPS, changed, cluster.view(PUMPS), { now: NOW, memory }).evaluations;
  const labels = { ...instance.metadata.labels, team: 'water' };
  expect(stepped({ ...instance, metadata: { ...instance.metadata, labels } })).toBe(status);
  const all = step(PUMPS, instance, cluster.view(PUMPS), { now: NOW }).evaluations;
  // After a write of the status, the spec is a new object with the same content.
  expect(stepped({ ...instance, spec: { ...instance.spec } })).toBe(status);
  expect(stepped({ ...instance, spec: { ...instance.spec, more: true } })).toBe(all);
});

test('a failed expression is evaluated again only when a value that it reads has changed', () => {
  const graph = graphOf(
    `schema: {spec: {litres: integer}}\nresources: [{id: p, template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p}, spec: {litres: "\${12 / schema.spec.litres}"}}}]`,
  );
  const cluster = new FakeCluster();
  const instance = cluster.get(putInstance(graph, cluster, 'a', { litres: 0 })) as KubeObject;
  const memory = new StepMemory();
  const stepped = (litres: number) => {
    const decision = step(graph, { ...instance, spec: { litres } }, cluster.view(graph), { now: NOW, memory });
    return [decision.evaluations, decision.nodes[0]?.because.kind];
  };
  expect([stepped(0), stepped(0), stepped(3), stepped(0)]).toEqual([
    [1, 'expression-failed'],
    [0, 'expression-failed'],
    [1, 'write'],
    [1, 'expression-failed'],
  ]);
});

test('a template that calls now() is filled again when the time has changed', () => {
  const graph = graphOf(
    `schema: {}\nresources: [{id: p, template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p, annotations: {at: "\${string(now())}"}}, spec: {litres: 2}}}]`,
  );
  const cluster = new FakeCluster();
  const key = putInstance(graph, cluster, 'a', {});
  const memory = new StepMemory();
  const at = (templateNow: number) =>
    step(graph, cluster.get(key) as KubeObject, cluster.view(graph), { now: NOW, templateNow, memory }).apply[0]
      ?.desired.metadata.annotations?.['at'];
  expect([at(0), at(0), at(1000)]).toEqual(['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:01Z']);
});

test.each<[string, (instance: KubeObject) => KubeObject]>([
  ['spec', (instance) => ({ ...instance, spec: { litres: 3, items: ['b'] } })],
  ['metadata', (instance) => ({ ...instance, metadata: { ...instance.metadata, uid: 'another' } })],
  ['kind', (instance) => ({ ...instance, kind: 'Another' })],
  ['apiVersion', (instance) => ({ ...instance, apiVersion: 'another.test/v1' })],
])('a step with a memory notices that only the %s of the instance has changed', (_, change) => {
  const cluster = new FakeCluster();
  const key = putInstance(PUMPS, cluster, 'a', { litres: 1, items: ['a', 'b'] });
  const memory = new StepMemory();
  settle(cluster, key, { memory });
  const instance = change(cluster.get(key) as KubeObject);
  const [decision, fresh] = [memory, new StepMemory()].map((kept) =>
    step(PUMPS, instance, cluster.view(PUMPS), { now: NOW, memory: kept }),
  );
  expect(decision).toEqual(fresh);
});

test.each(['${schema.metadata.annotations.team}', '${schema.metadata.?annotations.team.orValue("")}'])(
  'a change of instance metadata that a template reads changes the decision: %s',
  (expression) => {
    const graph = graphOf(
      `schema: {}\nresources: [{id: p, template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: p, annotations: {team: '${expression}'}}, spec: {litres: 2}}}]`,
    );
    const cluster = new FakeCluster();
    const instance = cluster.get(putInstance(graph, cluster, 'a', {})) as KubeObject;
    const memory = new StepMemory();
    const teamOf = (team: string) => {
      const named = { ...instance, metadata: { ...instance.metadata, annotations: { team } } };
      const { apply } = step(graph, named, cluster.view(graph), { now: NOW, memory });
      return apply[0]?.desired.metadata.annotations?.['team'];
    };
    expect([teamOf('water'), teamOf('air')]).toEqual(['water', 'air']);
  },
);

test('after a change of instance metadata that no template reads, no expression is evaluated again', () => {
  const graph = graphOf(
    'schema: {}\nresources: [{id: p, template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "${schema.metadata.name}"}, spec: {litres: 2}}}]',
  );
  const cluster = new FakeCluster();
  const instance = cluster.get(putInstance(graph, cluster, 'a', {})) as KubeObject;
  const memory = new StepMemory();
  const stepped = (finalizers: string[]) => {
    const metadata = { ...instance.metadata, finalizers, resourceVersion: String(finalizers.length) };
    return step(graph, { ...instance, metadata }, cluster.view(graph), { now: NOW, memory }).evaluations;
  };
  expect([stepped([]), stepped(['kro.run/finalizer']), stepped(['kro.run/finalizer', 'a/b'])]).toEqual([1, 0, 0]);
});

test.each<[string, string, Partial<StepOptions>, Partial<StepOptions>]>([
  [
    'the Graphs that created it',
    '- {id: made, template: {apiVersion: kro.run/v1alpha1, kind: Graph, metadata: {name: maker}, spec: {nodes: []}}}',
    { makers: [] },
    { makers: ['team-a/maker'] },
  ],
  [
    'the scope of a computed type',
    '- {id: d, def: {api: parts.test/v1}}\n- {id: p, template: {apiVersion: "${d.api}", kind: Part, metadata: {name: p}}}',
    { kinds: () => ({ plural: 'parts', namespaced: true }) },
    { kinds: () => ({ plural: 'parts', namespaced: false }) },
  ],
  [
    'the availability of a computed type',
    '- {id: d, def: {api: parts.test/v1}}\n- {id: p, template: {apiVersion: "${d.api}", kind: Part, metadata: {name: p}}}',
    { kinds: () => ({ plural: 'parts', namespaced: true }) },
    { kinds: () => undefined },
  ],
])('a Graph is decided again after a change of %s', (_title, nodes, before, after) => {
  const graphs = new GraphObjects(before);
  graphs.apply(nodes);
  const compiled = graphObjectOf(nodes);
  const instance = graphs.get() as KubeObject;
  const memory = new StepMemory();
  const decide = (options: Partial<StepOptions>, kept?: StepMemory) =>
    decided(
      step(compiled, instance, graphs.cluster.view(compiled), {
        now: NOW,
        ...options,
        ...(kept === undefined ? {} : { memory: kept }),
      }),
    );
  const first = decide(before, memory);
  expect(decide(before, memory)).toEqual(first);
  expect(decide(after)).not.toEqual(first);
  expect(decide(after, memory)).toEqual(decide(after));
});
