import { crdOf } from '@typekro/kit/test-support/crd';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type KubeObject, refOf } from '@typekro/kit/core';
import type { InstancePlan, Plan } from '@typekro/controller/inspect';
import { instancePlan, writePlan } from '../../test-support/plan-values.ts';
import { type ApplyTask, applyPlan } from './apply-plan.ts';
import { LiveSource } from './simulation/live-source.ts';
import { fold } from './fold.ts';

let world: VirtualWorld;
beforeAll(async () => {
  world = await virtualWorld();
  // No controller runs.
  await world.controller.stop();
});
afterAll(() => world.close());

const map = (name: string, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...metadata },
});
const type = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/**
 * Returns a task with one instance whose definition is only in the cluster, so no graph of the files declares its kind.
 */
async function task(
  operation: Plan['operation'],
  instance: InstancePlan,
  names: readonly string[],
): Promise<ApplyTask> {
  const { signal } = new AbortController();
  const source = new LiveSource({ api: world.user, signal, fallback: 'default' });
  await source.load(
    ['one', ...names].map((name) => ({
      kind: 'object' as const,
      nodeId: '',
      target: { type, name, namespace: 'default' },
      why: 'unknown' as const,
    })),
  );
  const plan = { operation, objects: [], definitions: [], instances: [instance] } as unknown as Plan;
  const objects = operation === 'delete' ? ['one', ...names].map((name) => map(name)) : [map('one')];
  return { api: world.user, source, clock: world.clock, signal, print: () => undefined, plan, objects, graphs: [] };
}

const planned = (writes: InstancePlan['writes']): InstancePlan => ({
  instance: refOf(map('one')),
  definition: 'ones',
  action: 'change',
  fields: [],
  state: 'changed',
  writes,
  later: [],
  blocked: [],
});

test('a child to replace is deleted only after the controller has seen the instance, even if the definition is only in the cluster', async () => {
  await world.apply(map('one'), map('child'));
  const child = refOf(map('child'));
  const replace = { node: 'child', object: child, wave: 1, action: 'replace', fields: [], checked: 'server' } as const;
  const ended = expect(applyPlan(await task('apply', planned([replace]), ['child']))).rejects.toThrow(
    'no controller has responded to ConfigMap default/one within 60 s',
  );
  await world.settle();
  await world.advance(61_000);
  await ended;
  expect(await world.user.find(child)).toBeDefined();
});

test('the other objects of the files are deleted only after an instance is gone, even if its definition is only in the cluster', async () => {
  await world.apply(map('one', { finalizers: ['example.com/kept'] }), map('shared'));
  const ended = expect(applyPlan(await task('delete', planned([]), ['shared']))).rejects.toThrow(
    'ConfigMap default/one is still being deleted after 300 s',
  );
  await world.settle();
  await world.advance(301_000);
  await ended;
  expect(await world.user.find(refOf(map('shared')))).toBeDefined();
});

test('an instance is distinguished from an instance with the same kind and name in another group', async () => {
  const potOf = (group: string): KubeObject => ({
    apiVersion: `${group}.test/v1`,
    kind: 'Pot',
    metadata: { name: 'rose', namespace: 'default' },
  });
  const crdIn = (group: string): KubeObject =>
    crdOf('Pot', { 'x-kubernetes-preserve-unknown-fields': true }, { group: `${group}.test` });
  await world.apply(crdIn('seen'), crdIn('unseen'), map('child-of-unseen'));
  await world.advance(1000);
  const conditions = [{ type: 'Ready', status: 'True', observedGeneration: 9 }];
  await world.apply({ ...potOf('seen'), status: { conditions } }, potOf('unseen'));
  const child = refOf(map('child-of-unseen'));
  const replace = { node: 'child', object: child, wave: 1, action: 'replace', fields: [], checked: 'server' } as const;
  const instances = [
    { ...planned([replace]), instance: refOf(potOf('unseen')) },
    { ...planned([]), instance: refOf(potOf('seen')) },
  ];
  const { source, ...rest } = await task('apply', planned([]), ['child-of-unseen']);
  await source.load(
    ['seen', 'unseen'].map((group) => ({
      kind: 'object' as const,
      nodeId: '',
      target: {
        type: { group: `${group}.test`, version: 'v1', kind: 'Pot', plural: 'pots', namespaced: true },
        name: 'rose',
        namespace: 'default',
      },
      why: 'unknown' as const,
    })),
  );
  const plan = { ...rest.plan, instances };
  const objects = [potOf('unseen'), potOf('seen')];
  const ended = expect(applyPlan({ ...rest, source, plan, objects })).rejects.toThrow(
    'no controller has responded to Pot default/rose within 60 s',
  );
  await world.settle();
  await world.advance(61_000);
  await ended;
  expect(await world.user.find(child)).toBeDefined();
});

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
