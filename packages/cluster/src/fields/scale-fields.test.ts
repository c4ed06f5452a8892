import { expect, test } from 'vitest';
import type { ManagedEntry } from './entries.ts';
import { toParentEntries, toScaleEntries } from './scale-fields.ts';
import { treeOfMembers } from './tree.ts';

const entry = (manager: string, operation: ManagedEntry['operation'], paths: string[][], more = {}): ManagedEntry => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  subresource: '',
  time: 'then',
  fields: treeOfMembers(paths),
  ...more,
});
const REPLICAS = ['spec', 'replicas'];
const pathIn = (apiVersion: string) => (apiVersion === 'apps/v1' ? REPLICAS : undefined);
const scaler = entry('scaler', 'Update', [REPLICAS], { apiVersion: 'autoscaling/v1', subresource: 'scale' });

test('the owners of the replicas of an object own the replicas of its Scale', () => {
  const other = entry('other', 'Update', [['spec', 'paused']]);
  const unknown = entry('old', 'Update', [REPLICAS], { apiVersion: 'extensions/v1beta1' });
  const owner = entry('owner', 'Apply', [REPLICAS, ['spec', 'paused']]);
  expect(toScaleEntries([owner, other, unknown], pathIn)).toEqual([
    { ...owner, apiVersion: 'autoscaling/v1', fields: treeOfMembers([REPLICAS]) },
  ]);
});

test('a write to the Scale moves the ownership of the replicas to a new entry without a time', () => {
  const owner = entry('owner', 'Apply', [REPLICAS, ['spec', 'paused']]);
  expect(toParentEntries([owner], [scaler], pathIn, 'apps/v1')).toEqual([
    { ...owner, fields: treeOfMembers([['spec', 'paused']]) },
    { ...scaler, apiVersion: 'apps/v1', time: undefined, fields: treeOfMembers([REPLICAS]) },
  ]);
});

test('the entry of a manager that loses its only field is removed, and the entry of a manager that keeps the replicas does not change', () => {
  const owner = entry('owner', 'Apply', [REPLICAS]);
  expect(toParentEntries([owner], [scaler], pathIn, 'apps/v1')).toHaveLength(1);
  expect(toParentEntries([owner], toScaleEntries([owner], pathIn), pathIn, 'apps/v1')).toEqual([owner]);
});
