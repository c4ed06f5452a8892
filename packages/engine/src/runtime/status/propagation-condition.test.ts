import { expect, test } from 'vitest';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { propagationConditions } from './propagation-condition.ts';
import type { NodeReport } from '../report.ts';

const graph = graphOf(
  `
schema: {spec: {go: boolean}}
resources:
  - id: app
    propagateWhen: ["\${schema.spec.go}"]
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
`,
  { features: { propagateWhen: true } },
);
const instance = { apiVersion: 'acme.test/v1', kind: 'App', metadata: { name: 'a' } };

test.each([
  [5, /node n4 [^\n]*$/],
  [6, /node n4 [^\n]*\nand 1 more node$/],
  [7, /node n4 [^\n]*\nand 2 more nodes$/],
])('the condition about %d nodes that are held back names at most five of them', (count, end) => {
  const reports = Array.from({ length: count }, (_, index): NodeReport => ({
    id: `n${index}`,
    state: 'waiting',
    because: { kind: 'held', expression: 'schema.spec.go', nodes: [], creates: 0, changes: 1 },
    objects: [],
  }));
  const [condition] = propagationConditions({ graph }, instance, reports, { now: 0 });
  expect(condition?.message).toMatch(end);
});
