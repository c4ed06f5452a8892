import { type Arbitrary, array, assert, boolean, constantFrom, integer, property, record, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { carryOut, decide, putInstance, settle } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import type { Graph, KroCompatibility } from '../graph/index.ts';
import { type Decision, ObjectKey, ObjectLabels } from './index.ts';

/** The plan of a node of a generated graph: its kind, and the earlier nodes that it reads. */
interface Plan {
  readonly reads: readonly number[];
  readonly kind: 'plain' | 'collection' | 'optional' | 'gated' | 'value';
}

const PLANS: Arbitrary<readonly Plan[]> = array(
  record({
    reads: array(integer({ min: 0, max: 5 }), { maxLength: 2 }),
    kind: constantFrom<Plan['kind']>('plain', 'collection', 'optional', 'gated', 'value'),
  }),
  { minLength: 1, maxLength: 6 },
);

const EDITS = array(
  tuple(integer({ min: 0, max: 7 }), constantFrom('drift', 'delete', 'hold', 'ready', 'unready', 'spec')),
  { maxLength: 6 },
);

const LEVELS = constantFrom<KroCompatibility>('0.9', '0.10');

/** Builds a graph with one node per plan. A node reads only nodes before it, so the graph has no cycle. */
function build(plans: readonly Plan[], kroCompatibility: KroCompatibility): Graph {
  const resources = plans.map(({ reads, kind }, index) => {
    const ids = [...new Set(reads.filter((read) => read < index))];
    if (kind === 'value') {
      // A node of the kind `value` has no value until the pumps that it reads have a status.
      const terms = ids.map((id) => {
        const running = plans[id]?.kind === 'collection' ? `n${id}.all(p, p.status.running)` : `n${id}.status.running`;
        return plans[id]?.kind === 'value' ? `n${id}.spec.litres` : `(${running} ? 1 : 2)`;
      });
      return `  - {id: n${index}, variable: {spec: {litres: "\${${['schema.spec.litres', ...terms].join(' + ')}}"}}}`;
    }
    const data = ids.map(
      (id) => `d${id}: "\${string(n${id}${plans[id]?.kind === 'collection' ? '.size()' : '.spec.litres'})}"`,
    );
    const name = kind === 'collection' ? `n${index}-\${it}` : `n${index}-\${schema.spec.suffix}`;
    return [
      `  - id: n${index}`,
      `    template: {apiVersion: parts.test/v1, kind: Pump, metadata: {name: "${name}", annotations: {${data.join(', ')}}}, spec: {litres: "\${schema.spec.litres}"}}`,
      ...(kind === 'collection'
        ? [`    forEach: [{it: "\${schema.spec.items}"}]`, `    readyWhen: ["\${each.status.running}"]`]
        : []),
      ...(kind === 'optional' ? [`    includeWhen: ["\${schema.spec.on}"]`] : []),
      ...(kind === 'gated' ? [`    readyWhen: ["\${n${index}.status.running}"]`] : []),
    ].join('\n');
  });
  return graphOf(
    `schema: {spec: {litres: integer, on: boolean, suffix: string, items: "[]string"}, status: {first: "\${string(n0${plans[0]?.kind === 'collection' ? '.size()' : '.spec.litres'})}"}}\nresources:\n${resources.join('\n')}`,
    { kroCompatibility },
  );
}

const SPECS = record({
  litres: integer({ min: 1, max: 3 }),
  on: boolean(),
  suffix: constantFrom('x', 'y'),
  items: constantFrom<string[]>([], ['a'], ['a', 'b'], ['b', 'c']),
});

const WAYS = constantFrom(
  { mode: 'whole' as const, lazy: false },
  { mode: 'projection' as const, lazy: false },
  { mode: 'whole' as const, lazy: true },
  { mode: 'projection' as const, lazy: true },
);

function pumps(cluster: FakeCluster): string[] {
  return cluster.keys().filter((key) => key.startsWith('Pump'));
}

function disturb(cluster: FakeCluster, key: string, at: number, what: string, spec: KubeObject['spec']): void {
  if (what === 'spec') return cluster.edit(key, (object) => void (object.spec = structuredClone(spec ?? {})));
  const list = pumps(cluster);
  const pump = list[at % Math.max(1, list.length)];
  if (pump === undefined) return;
  if (what === 'drift') cluster.edit(pump, (object) => void (object.spec = { litres: 99, feed: 'theirs' }));
  if (what === 'delete') cluster.remove(pump);
  if (what === 'hold') {
    cluster.edit(pump, (object) => void (object.metadata.finalizers = ['acme.test/hold']));
    cluster.remove(pump);
  }
  if (what === 'ready' || what === 'unready')
    cluster.edit(pump, (object) => void (object.status = { running: what === 'ready' }));
}

/** Checks the rules that every decision must follow in any state of the cluster. */
function checkDecision(graph: Graph, cluster: FakeCluster, decision: Decision): void {
  const byNode = new Map(decision.nodes.filter(({ retired }) => retired !== true).map((node) => [node.id, node]));
  for (const { nodeId, target } of decision.apply) {
    for (const dependency of graph.nodes.get(nodeId)?.dependsOn ?? []) {
      expect(byNode.get(dependency)?.state, `${nodeId} is applied before ${dependency} is ready`).toBe('ready');
    }
    const scope = decision.inventory;
    const kind = `${target.type.kind}.${target.type.group}`;
    expect(scope.groupKinds, 'the inventory covers all applied objects').toContain(kind);
  }
  for (const { target, uid } of decision.delete) {
    const object = cluster.get(ObjectKey.ofTarget(target));
    expect(object?.metadata.uid).toBe(uid);
    expect(object?.metadata.labels?.['applyset.kubernetes.io/part-of']).toBe(decision.inventory.id);
    const dependents = [...graph.nodes.values()].filter(({ dependsOn }) =>
      dependsOn.includes(ObjectLabels.nodeIdOf(object as KubeObject)),
    );
    for (const { id } of dependents) {
      const left = pumps(cluster).filter((key) => ObjectLabels.nodeIdOf(cluster.get(key) as KubeObject) === id);
      if (byNode.get(id)?.state === 'skipped') expect(left, `${id} goes before what it reads`).toEqual([]);
    }
  }
  const writes = decision.apply.map(({ target }) => ObjectKey.ofTarget(target));
  expect(new Set(writes).size).toBe(writes.length);
}

/**
 * Removes all obstacles, until each node is ready or skipped: each round removes finalizers and makes the pumps run.
 */
function calm(
  graph: Graph,
  key: string,
  cluster: FakeCluster,
  way: { mode: 'whole' | 'projection'; lazy: boolean },
): Decision {
  for (let round = 0; round < 12; round += 1) {
    for (const pump of pumps(cluster)) {
      if (cluster.get(pump)?.metadata.deletionTimestamp !== undefined) cluster.release(pump);
      if (cluster.get(pump) !== undefined) cluster.edit(pump, (object) => void (object.status = { running: true }));
    }
    const { decision } = settle(graph, key, cluster, way);
    if (decision.nodes.every(({ state }) => state === 'ready' || state === 'skipped')) return decision;
  }
  throw new Error('does not come to rest');
}

function shape(cluster: FakeCluster): unknown {
  return cluster.keys().map((key) => {
    const { metadata, spec, status } = cluster.get(key) as KubeObject;
    const { labels = {}, annotations, finalizers } = metadata;
    const { 'kro.run/instance-id': _uid, ...rest } = labels;
    const { conditions: _conditions, running: _running, ...fields } = status ?? {};
    return { key, labels: rest, annotations, finalizers, litres: spec?.['litres'], fields };
  });
}

test('after any disturbances, the cluster reaches the state of an undisturbed run, and the next run writes nothing', () => {
  assert(
    property(PLANS, LEVELS, SPECS, SPECS, EDITS, WAYS, (plans, level, spec, last, edits, way) => {
      const graph = build(plans, level);
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'a', spec);
      const onDecision = (decision: Decision) => checkDecision(graph, cluster, decision);
      settle(graph, key, cluster, { ...way, onDecision });
      for (const [at, what] of edits) {
        disturb(cluster, key, at, what, last);
        settle(graph, key, cluster, { ...way, onDecision });
      }
      cluster.edit(key, (object) => void (object.spec = structuredClone(last)));
      calm(graph, key, cluster, way);

      const straight = new FakeCluster();
      const other = putInstance(graph, straight, 'a', last);
      calm(graph, other, straight, { mode: 'whole', lazy: false });
      for (const drifted of pumps(cluster)) {
        if (cluster.get(drifted)?.spec?.['feed'] !== undefined)
          cluster.edit(drifted, (object) => void delete object.spec?.['feed']);
      }
      expect(shape(cluster)).toEqual(shape(straight));

      cluster.log.length = 0;
      cluster.forget();
      const { decision } = settle(graph, key, cluster, way);
      expect([cluster.log, decision.statusChanged]).toEqual([[], false]);
    }),
    { numRuns: 60 },
  );
});

test('if a process stops at any point of a decision, the next process reaches the state of an uninterrupted run', () => {
  assert(
    property(PLANS, LEVELS, SPECS, SPECS, integer({ min: 0, max: 30 }), WAYS, (plans, level, spec, last, cut, way) => {
      const graph = build(plans, level);
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'a', spec);
      let left = cut;
      const die = (decision: Decision): Decision => {
        const take = <T>(list: readonly T[]): T[] => list.slice(0, Math.max(0, left));
        const { labels, inventory, ...rest } = decision.parent;
        const parent = {
          ...rest,
          ...(labels === undefined ? {} : { labels }),
          ...(left > 1 && inventory !== undefined ? { inventory } : {}),
        };
        const apply = left > 2 ? take(decision.apply) : [];
        return { ...decision, parent, apply, delete: left > 4 ? take(decision.delete) : [] };
      };
      for (const wanted of [spec, last]) {
        cluster.edit(key, (object) => void (object.spec = structuredClone(wanted)));
        for (; left > 0; left -= 5) {
          const decision = decide(graph, cluster.get(key) as KubeObject, cluster, way);
          carryOut(key, left > 5 ? decision : die(decision), cluster, way);
        }
        cluster.forget();
        left = cut;
      }
      calm(graph, key, cluster, way);
      const straight = new FakeCluster();
      const other = putInstance(graph, straight, 'a', last);
      calm(graph, other, straight, { mode: 'whole', lazy: false });
      expect(shape(cluster)).toEqual(shape(straight));

      cluster.remove(key);
      settle(graph, key, cluster, way);
      expect(cluster.keys()).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('equal inputs produce equal decisions, including messages', () => {
  assert(
    property(PLANS, LEVELS, SPECS, EDITS, WAYS, (plans, level, spec, edits, way) => {
      const graph = build(plans, level);
      const cluster = new FakeCluster();
      const key = putInstance(graph, cluster, 'a', spec);
      settle(graph, key, cluster, way);
      for (const [at, what] of edits) disturb(cluster, key, at, what, spec);
      const instance = structuredClone(cluster.get(key) as KubeObject);
      const again = decide(build(plans, level), structuredClone(instance), cluster, way);
      expect(JSON.stringify(decide(graph, instance, cluster, way))).toBe(JSON.stringify(again));
      expect(instance).toEqual(cluster.get(key));
    }),
    { numRuns: 30 },
  );
});

test('a graph of depth D whose objects are ready immediately is finished in D rounds', () => {
  assert(
    property(integer({ min: 1, max: 6 }), LEVELS, (depth, level) => {
      const plans = Array.from({ length: depth }, (_, index): Plan => ({
        kind: 'plain',
        reads: index === 0 ? [] : [index - 1],
      }));
      const graph = build(plans, level);
      const cluster = new FakeCluster();
      const { rounds, decision } = settle(
        graph,
        putInstance(graph, cluster, 'a', { litres: 1, on: true, suffix: 'x', items: [] }),
        cluster,
      );
      expect([rounds, decision.state]).toEqual([depth, 'ACTIVE']);
    }),
    { numRuns: 8 },
  );
});
