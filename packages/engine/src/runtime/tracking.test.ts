import { describe, expect, it } from 'vitest';
import type { ManagedResource } from './model.ts';
import { mergedTracking } from './tracking.ts';

const entry = (name: string, uid?: string, apiVersion = 'v1'): ManagedResource => ({
  nodeID: name,
  apiVersion,
  kind: 'ConfigMap',
  namespace: 'default',
  name,
  ...(uid === undefined ? {} : { uid }),
});

describe('the records of two states of a status', () => {
  it.each<[string, ManagedResource[], ManagedResource[], ManagedResource[]]>([
    ['are joined', [entry('a', '1')], [entry('b', '2')], [entry('a', '1'), entry('b', '2')]],
    ['keep the newer UID', [entry('a', '1')], [entry('a', '2')], [entry('a', '2')]],
    ['keep the UID if the later entry has no UID', [entry('a', '1')], [entry('a')], [entry('a', '1')]],
    ['add the UID to an entry without one', [entry('a')], [entry('a', '1')], [entry('a', '1')]],
    [
      'have one entry for an object, also if its API version differs',
      [entry('a', '1')],
      [entry('a', '1', 'v2')],
      [entry('a', '1', 'v2')],
    ],
    ['keep the order', [entry('a'), entry('b')], [entry('b', '2')], [entry('a'), entry('b', '2')]],
  ])('%s', (_name, stored, decided, expected) => {
    const merged = mergedTracking(
      { managedResources: stored, contributions: [] },
      { managedResources: decided, contributions: [] },
    );
    expect(merged).toEqual({ managedResources: expected, contributions: [] });
  });
});
