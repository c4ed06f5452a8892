import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { Because, Decision, NodeReport, NodeState } from '@typekro/engine/runtime';
import { instancePlan } from './instance-plan.ts';

const GRAPH = graphOf(`
schema: {spec: {name: string}}
resources:
  - id: a
    template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
`);
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'a' };

/**
 * Returns where the plan lists a node: among the nodes whose objects are known only after the writes, among the blocked
 * nodes, or in neither list.
 */
function listed(state: NodeState, because: Because): 'later' | 'blocked' | 'left out' {
  const report: NodeReport = { id: 'a', state, because, objects: [] };
  const decision = { state: 'IN_PROGRESS', conditions: [], nodes: [report] } as unknown as Decision;
  const head = { instance: MAP, action: 'none', checked: 'none', fields: [] } as const;
  const { later, blocked } = instancePlan(head as never, GRAPH, { writes: [], standing: decision, decision });
  return later.length > 0 ? 'later' : blocked.length > 0 ? 'blocked' : 'left out';
}

const failure = { code: 422, reason: 'Invalid', message: 'no' };
const held = { kind: 'held', expression: 'b.ready()', creates: 1, changes: 0 } as const;

test.each<[NodeState, Because, ReturnType<typeof listed>]>([
  ['ready', { kind: 'ready' }, 'left out'],
  ['waiting', { kind: 'not-ready', expression: 'a.x', value: false }, 'left out'],
  ['waiting', { kind: 'contested', objects: [] }, 'later'],
  ['waiting', { kind: 'external-missing', object: MAP }, 'later'],
  ['waiting', { kind: 'items-missing', present: 0, wanted: 1 }, 'later'],
  ['waiting', { ...held, nodes: [{ id: 'b', state: 'waiting' }] }, 'later'],
  ['waiting', { kind: 'target-missing', object: MAP }, 'blocked'],
  ['blocked', { kind: 'write', action: 'create', count: 1 }, 'blocked'],
  ['failed', { kind: 'write-failed', object: MAP, failure, retryAt: 0 }, 'blocked'],
])('the list in which the plan has a node that is %s because of %o: %s', (state, because, expected) => {
  expect(listed(state, because)).toBe(expected);
});
