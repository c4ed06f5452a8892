import { expect, test } from 'vitest';
import { instancePlan, writePlan } from '../../test-support/plan-values.ts';
import { fold } from './fold.ts';
import type { InstancePlan } from '@typekro/controller/inspect';

/** Returns the names of the instances in each group. */
const groups = (...instances: InstancePlan[]): string[][] =>
  fold(instances).map(({ first, others }) => [first, ...others].map(({ instance }) => instance.name));

const colour = (name: string, from: string, to: string): InstancePlan =>
  instancePlan(`team/${name}`, { writes: [writePlan({ fields: [{ path: 'data.colour', from, to }] })] });

test('instances with equal changes are one group, and groups are in the order of their first instances', () => {
  const other = instancePlan('team/c', { writes: [writePlan({ fields: [{ path: 'data.size', to: '2' }] })] });
  expect(groups(colour('a', 'red', 'blue'), other, colour('b', 'red', 'blue'))).toEqual([['a', 'b'], ['c']]);
});

test.each<[string, Partial<InstancePlan>]>([
  ['the definition', { definition: 'pans' }],
  ['the state', { state: 'blocked' }],
  ['the action', { action: 'create' }],
  ['the position in a rollout', { rollout: 'later' }],
  ['the writes before the end of a canary', { meanwhile: { writes: [writePlan()], later: [], blocked: [] } }],
  ['an object that is deleted between two applies', { recreated: [{ apiVersion: 'v1', kind: 'Secret', name: 'a' }] }],
  ['the reason', { because: 'it is pinned' }],
  ['a field of the instance', { fields: [{ path: 'spec.colour', to: 'red' }] }],
  ['the node of a write', { writes: [writePlan({ node: 'other' })] }],
  ['the kind of a write', { writes: [writePlan({ object: { apiVersion: 'v1', kind: 'Secret', name: 'shop' } })] }],
  ['the action of a write', { writes: [writePlan({ action: 'replace' })] }],
  ['the wave of a write', { writes: [writePlan({ wave: 2 })] }],
  ['the nodes that a write waits for', { writes: [writePlan({ after: ['map'] })] }],
  ['finalizers', { writes: [writePlan({ finalizers: ['acme.test/hold'] })] }],
  ['a refusal', { writes: [writePlan({ refusal: 'quota' })] }],
  ['the check of a write', { writes: [writePlan({ checked: 'rules' })] }],
  ['a node that is known later', { later: [{ node: 'map', reason: 'waits' }] }],
  ['a blocked node', { blocked: [{ node: 'map', reason: 'fails' }] }],
])('instances that differ in %s are in different groups', (_what, members) => {
  const plain = { writes: [writePlan()] };
  expect(groups(instancePlan('team/a', plain), instancePlan('team/b', { ...plain, ...members }))).toHaveLength(2);
});

test('a group reports when the values of its instances differ', () => {
  const foldedDiffer = (...instances: InstancePlan[]) => fold(instances).map(({ valuesDiffer }) => valuesDiffer);
  expect(foldedDiffer(colour('a', 'red', 'blue'), colour('b', 'red', 'green'))).toEqual([true]);
  expect(foldedDiffer(colour('a', 'red', 'blue'), colour('b', 'red', 'blue'))).toEqual([false]);
  // Values that differ only because each contains the name of its instance count as equal.
  expect(foldedDiffer(colour('shop', 'shop-1', 'shop-2'), colour('pay', 'pay-1', 'pay-2'))).toEqual([false]);
  expect(foldedDiffer(colour('shop', '1', '2'), { ...colour('pay', '1', '3') })).toEqual([true]);
});

test.each(['a', 'change', 'map', 'data', 'apps', 'server', 'colour', 'e'])(
  'equal changes are grouped even if the instance has the name %j',
  (name) => {
    const of = (called: string) =>
      instancePlan(`team/${called}`, {
        because: `${called} waits for team/${called}-db`,
        writes: [writePlan({ fields: [{ path: 'data.size', to: `${called}.example.com` }], after: ['database'] })],
      });
    expect(groups(of('shop'), of(name))).toEqual([['shop', name]]);
  },
);

test('instances with different actions are two groups even if their names contain the words of the actions', () => {
  const [create, change] = [
    instancePlan('team/create', { action: 'create' }),
    instancePlan('team/change', { action: 'change' }),
  ];
  expect(groups(create, change)).toEqual([['create'], ['change']]);
});

test('integers beyond 2^53 are compared exactly', () => {
  const sized = (name: string, to: bigint) => instancePlan(`team/${name}`, { fields: [{ path: 'spec.size', to }] });
  expect(fold([sized('a', 9007199254740993n), sized('b', 9007199254740992n)])).toMatchObject([{ valuesDiffer: true }]);
});

test('instances whose reasons differ only in their namespaces are one group', () => {
  const missingKey = (namespace: string) => ({ because: `Secret ${namespace}/key is not there` });
  expect(
    groups(instancePlan('blue/shop', missingKey('blue')), instancePlan('red/shop', missingKey('red'))),
  ).toHaveLength(1);
});
