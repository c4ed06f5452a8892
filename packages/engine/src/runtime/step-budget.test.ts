import { expect, test } from 'vitest';
import { graphOf } from '../../test-support/compile-graph.ts';
import { putInstance } from '../../test-support/direct-loop.ts';
import { FakeCluster } from '../../test-support/fake-cluster.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type StepOptions, step, StepMemory } from './index.ts';

/** Each of six nodes, and the status, costs four units per unit of `size`. */
const EXPENSIVE = graphOf(`
schema: {spec: {size: integer}, status: {size: "\${string((lists.range(schema.spec.size) + lists.range(schema.spec.size)).size())}"}}
resources:
${[1, 2, 3, 4, 5, 6]
  .map(
    (at) => `  - id: n${at}
    template:
      apiVersion: parts.test/v1
      kind: Pump
      metadata: {name: n${at}, annotations: {size: "\${string((lists.range(schema.spec.size) + lists.range(schema.spec.size)).size())}"}}
`,
  )
  .join('')}`);

function statesWith(size: number, options: Partial<StepOptions> = {}): readonly (readonly [string, string])[] {
  const cluster = new FakeCluster();
  const key = putInstance(EXPENSIVE, cluster, 'a', { size });
  const decision = step(EXPENSIVE, cluster.get(key) as KubeObject, cluster.view(EXPENSIVE), { now: 0, ...options });
  return decision.nodes.map(({ id, state, because }) => [
    id,
    because.kind === 'expression-failed' ? because.message.replace(/^.*": /u, '') : state,
  ]);
}

const EXHAUSTED =
  'evaluation budget exceeded: the expressions up to this one cost more than 10,000,000 together; make the lists that ' +
  'they read shorter, or divide the definition';

test('the expressions of a step share a budget: a node that exceeds it fails, and the nodes before it are applied', () => {
  const states = statesWith(475_000);
  expect(states.map(([, state]) => state)).toEqual([...Array.from({ length: 5 }, () => 'applying'), EXHAUSTED]);
});

test('an expression that exceeds its own budget leaves the other expressions theirs', () => {
  expect(statesWith(500_001).map(([, state]) => state)).toEqual(
    Array.from({ length: 6 }, () => 'evaluation budget exceeded'),
  );
});

test('a memory does not change which node exceeds the budget of a step', () => {
  const memory = new StepMemory();
  const [first, second] = [statesWith(475_000, { memory }), statesWith(475_000, { memory })];
  expect(second).toEqual(first);
  expect(statesWith(1_000, { memory }).map(([, state]) => state)).toEqual(Array.from({ length: 6 }, () => 'applying'));
});

test('the budget of a step is at least that of one expression', () => {
  const states = statesWith(750_000, { budget: 30_000_000 });
  expect(states.map(([, state]) => state)).toEqual(Array.from({ length: 6 }, () => 'applying'));
});
