import { expect, test } from 'vitest';
import { definitionPlan, instancePlan, planOf, writePlan } from '../../test-support/plan-values.ts';
import { hasBlocked, hasChanges } from './summary-of-plan.ts';
import type { ObjectPlan } from '@typekro/controller/inspect';

const actions = (...list: ObjectPlan['action'][]) => list.map((action) => writePlan({ action }));

test('each write is counted once, by its action', () => {
  const plan = planOf({
    objects: actions('create', 'none'),
    instances: [
      instancePlan('t/a', {
        action: 'change',
        checked: 'server',
        fields: [{ path: 'spec.key', secret: true }],
        writes: actions('create', 'change', 'adopt', 'restore', 'replace', 'prune', 'delete', 'orphan', 'labels'),
      }),
      instancePlan('t/b', { state: 'deferred' }),
      instancePlan('t/c', { state: 'unchanged', later: [{ node: 'map', reason: 'waits' }] }),
    ],
  });
  expect(plan.summary).toEqual({
    create: 2,
    change: 4,
    replace: 1,
    prune: 1,
    delete: 1,
    orphan: 1,
    labels: 1,
    refused: 0,
    later: 1,
    secrets: 1,
    instances: { changed: 1, unchanged: 1, deferred: 1, blocked: 0 },
    // Deletions and labels are not checked by a dry run.
    checked: { server: 7, rules: 0, none: 0 },
  });
});

test('the created, changed, replaced and recreated objects are as many as the writes that the summary lists as checked or not checked', () => {
  const { summary } = planOf({
    definitions: [definitionPlan({ checked: 'server' }), definitionPlan({ action: 'delete' })],
    objects: actions('create', 'delete'),
    instances: [
      instancePlan('t/a', {
        action: 'create',
        checked: 'rules',
        recreated: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a' }],
        writes: actions('create', 'prune', 'labels'),
      }),
    ],
  });
  const { create, change, replace, prune, delete: deleted, checked } = summary;
  expect(checked).toEqual({ server: 3, rules: 1, none: 1 });
  expect(create + change + replace).toBe(checked.server + checked.rules + checked.none);
  expect({ prune, deleted }).toEqual({ prune: 1, deleted: 2 });
});

test('an object that both revisions of an instance write counts once, and objects of different groups count separately', () => {
  const write = (apiVersion: string) =>
    writePlan({ object: { apiVersion, kind: 'Pot', namespace: 'team', name: 'shop' } });
  const twice = (before: string, after: string) =>
    planOf({
      instances: [
        instancePlan('t/a', { writes: [write(after)], meanwhile: { writes: [write(before)], later: [], blocked: [] } }),
      ],
    }).summary.change;
  expect(twice('one.test/v1', 'one.test/v1')).toBe(1);
  expect(twice('one.test/v1', 'two.test/v1')).toBe(2);
});

test('refused writes and blocked instances are not counted as changes', () => {
  const { summary } = planOf({
    objects: [writePlan({ action: 'create', refusal: 'quota' })],
    instances: [instancePlan('t/a', { state: 'blocked', because: 'its spec is refused', action: 'change' })],
  });
  expect(summary).toMatchObject({ create: 0, change: 0, refused: 1, instances: { blocked: 1 } });
});

test.each<[ObjectPlan['action'], boolean]>([
  ['create', true],
  ['change', true],
  ['adopt', true],
  ['restore', true],
  ['replace', true],
  ['prune', true],
  ['delete', true],
  ['labels', false],
  ['none', false],
])('%s is a change: %s', (action, expected) => {
  expect(hasChanges(planOf({ objects: actions(action) }))).toBe(expected);
});

test('a refused object, a refused definition and a blocked instance count as blocked', () => {
  expect(hasBlocked(planOf({ objects: actions('create') }))).toBe(false);
  expect(hasBlocked(planOf({ objects: [writePlan({ refusal: 'no' })] }))).toBe(true);
  expect(hasBlocked(planOf({ instances: [instancePlan('t/a', { state: 'blocked' })] }))).toBe(true);
  expect(hasBlocked(planOf({ instances: [instancePlan('t/a', { state: 'deferred' })] }))).toBe(false);
});
