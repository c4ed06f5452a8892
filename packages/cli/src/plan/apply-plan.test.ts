import { afterAll, beforeAll, expect, test } from 'vitest';
import { virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { refOf } from '@typekro/kit/core';
import type { ApplyTask } from './apply-plan.ts';
import { applyPlan } from './apply-plan.ts';
import { LiveSource } from './live-source.ts';
import type { InstancePlan, Plan } from '@typekro/controller/inspect';

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
  const crdOf = (group: string): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `pots.${group}.test` },
    spec: {
      group: `${group}.test`,
      scope: 'Namespaced',
      names: { kind: 'Pot', plural: 'pots' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  });
  await world.apply(crdOf('seen'), crdOf('unseen'), map('child-of-unseen'));
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
