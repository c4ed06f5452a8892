import { expect, test } from 'vitest';
import type { Decision, NodeReport } from '@typekro/engine/runtime';
import { whyReport } from './why-report.ts';

const PENDING = {
  path: 'address',
  expression: '${a.data.x}',
  message: 'eval "a.data.x": no such key: x',
  nodes: ['a'],
};
const FAILED = { path: 'size', expression: '${int(a.data.y)}', message: 'type conversion error' };

const node = (state: NodeReport['state']): NodeReport =>
  ({ id: 'a', state, because: { kind: state === 'ready' ? 'ready' : 'unread' }, objects: [] }) as unknown as NodeReport;

test.each<[string, NodeReport['state'], Partial<Decision>, string[] | undefined]>([
  ['every field has a value', 'ready', {}, undefined],
  ['the data of a ready node does not exist', 'ready', { statusPending: [PENDING] }, ['status.address']],
  ['a node that is not ready explains the absence', 'waiting', { statusPending: [PENDING] }, undefined],
  ['an expression fails', 'waiting', { statusProblems: [FAILED] }, ['status.size']],
])('the report names the status fields without a value: %s', (_what, state, part, fields) => {
  const decision = { nodes: [node(state)], apply: [], delete: [], statusProblems: [], ...part } as Decision;
  const instance = { apiVersion: 'a.test/v1', kind: 'A', metadata: { name: 'a' } };
  const report = whyReport({ instance, decision, revision: 1, problems: [], notes: [] }, []);
  expect(report.statusFields?.map(({ field }) => field)).toEqual(fields);
});
