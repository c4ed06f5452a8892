import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import type { Decision, NodeReport, Reports } from '@typekro/engine/runtime';
import { pot } from '@typekro/testing/test-support/virtual-world';
import { type JsonValue, refOf } from '@typekro/kit/core';
import { instancePlan } from './instance-plan.ts';
import { planWithoutWrites } from './plan-instance.ts';
import type { PlanContext } from './plan-context.ts';
import type { FileObject } from './plan-objects.ts';
import { isTooDeepValue } from './file-shape.ts';

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
function listed(state: Reports.NodeState, because: Reports.Because): 'later' | 'blocked' | 'left out' {
  const report: NodeReport = { id: 'a', state, because, objects: [] };
  const decision = { state: 'IN_PROGRESS', conditions: [], nodes: [report] } as unknown as Decision;
  const head = { instance: MAP, action: 'none', checked: 'none', fields: [] } as const;
  const { later, blocked } = instancePlan(head as never, GRAPH, { writes: [], standing: decision, decision });
  return later.length > 0 ? 'later' : blocked.length > 0 ? 'blocked' : 'left out';
}

const failure = { code: 422, reason: 'Invalid', message: 'no' };
const held = { kind: 'held', expression: 'b.ready()', creates: 1, changes: 0 } as const;

test.each<[Reports.NodeState, Reports.Because, ReturnType<typeof listed>]>([
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

test('an instance that is suspended in the cluster stays suspended, even if its apply was not checked', () => {
  const desired = pot('rose', { text: 'new' });
  const live = pot('rose', { text: 'old' }, { 'kro.run/reconcile': 'suspended' });
  const file: FileObject = { input: { object: desired, file: 'app.yaml' }, desired, live, answer: { checked: 'none' } };
  const head = { instance: refOf(desired), definition: 'pots', action: 'change', fields: [] } as const;
  const context = { operation: 'apply' } as PlanContext;
  expect(planWithoutWrites(context, file, head, () => false)).toMatchObject({
    state: 'deferred',
    because: 'it is suspended',
  });
});

/** Returns `depth` lists, or `depth` objects, inside each other. */
function nested(depth: number, inside: (value: JsonValue | undefined) => JsonValue): JsonValue {
  let value = inside(undefined);
  for (let count = 1; count < depth; count += 1) value = inside(value);
  return value;
}

const list = (value: JsonValue | undefined): JsonValue => (value === undefined ? [] : [1, value]);
const object = (value: JsonValue | undefined): JsonValue => (value === undefined ? {} : { a: 1, b: value });

test.each<readonly [string, JsonValue, boolean]>([
  ['a string', 'text', false],
  ['null', null, false],
  ['1 list', nested(1, list), false],
  ['500 lists', nested(500, list), false],
  ['501 lists', nested(501, list), true],
  ['500 objects', nested(500, object), false],
  ['501 objects', nested(501, object), true],
  ['100,000 lists', nested(100_000, list), true],
  ['a string inside 500 lists', nested(500, (value) => [value ?? 'text']), false],
])('the nesting of a file value is limited to 500: %s', (_, value, isTooDeep) => {
  expect(isTooDeepValue(value)).toBe(isTooDeep);
});
