import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { RolloutState } from '@typekro/controller/inspect';
import { rolloutState } from './definition-detail.ts';

const definition = (canary: string | undefined, status?: string, message?: string): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'boats', ...(canary && { annotations: { 'typekro.dev/canary': canary } }) },
  status: { conditions: status === undefined ? [] : [{ type: 'RolledOut', status, ...(message && { message }) }] },
});
const revision = (record?: string) => ({
  number: 4,
  spec: {},
  object: {
    apiVersion: 'internal.kro.run/v1alpha1',
    kind: 'GraphRevision',
    metadata: {
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(record !== undefined && { annotations: { 'typekro.dev/rollout': record } }),
    },
  },
});
const INSTANCES = ['c', 'a', 'b'].map((name): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Boat',
  metadata: { name, namespace: 'n', uid: name },
}));

test.each<[string, KubeObject, Partial<RolloutState> | undefined]>([
  ['without a canary', definition(undefined, 'Unknown'), undefined],
  ['before the controller has written a condition', definition('2'), undefined],
  ['after all instances got the revision', definition('2', 'True'), undefined],
  ['with a canary of all instances', definition('3', 'Unknown'), undefined],
  [
    'while the first instances are not ready',
    definition('2', 'Unknown', 'wait'),
    { phase: 'waiting', message: 'wait' },
  ],
  [
    'after one of the first instances failed',
    definition('2', 'False', 'n/a failed'),
    { phase: 'held', message: 'n/a failed' },
  ],
])('a rollout is reported only while its first instances wait or one has failed: %s', (_title, of, expected) => {
  const found = rolloutState(of, revision('2'), INSTANCES);
  if (expected === undefined) return expect(found).toBeUndefined();
  expect(found).toEqual({ revision: 4, of: 3, first: found?.first, ...expected });
  expect(found?.first).toHaveLength(2);
  expect(found?.first).toEqual([...(found?.first ?? [])].sort());
});

test('a canary given as a percentage has at least one instance, and none of its instances is pinned', () => {
  const [first, ...others] = INSTANCES as [KubeObject, ...KubeObject[]];
  const pinned = { ...first, metadata: { ...first.metadata, annotations: { 'typekro.dev/revision': '1' } } };
  const found = rolloutState(definition('10%', 'Unknown'), revision('0'), [pinned, ...others]);
  expect(found?.of).toBe(3);
  expect(found?.first).toHaveLength(1);
  expect(found?.first).not.toContain('n/c');
});

test.each([
  ['a revision that went to all instances', 'done', undefined],
  ['a revision without the annotation', undefined, undefined],
  ['a canary that is lowered while it runs', '2', ['n/b', 'n/c']],
])('the first instances of %s (rollout annotation: %s) are %j', (_title, record, expected) => {
  expect(rolloutState(definition('1', 'Unknown'), revision(record), INSTANCES)?.first).toEqual(expected);
});

test('an instance that is younger than the revision is not one of the first instances', () => {
  const [first] = rolloutState(definition('1', 'Unknown'), revision('1'), INSTANCES)?.first ?? [];
  const younger = INSTANCES.map((each) =>
    `n/${each.metadata.name ?? ''}` === first
      ? { ...each, metadata: { ...each.metadata, creationTimestamp: '2026-01-01T00:00:01Z' } }
      : each,
  );
  const found = rolloutState(definition('1', 'Unknown'), revision('1'), younger)?.first;
  expect(found).toHaveLength(1);
  expect(found).not.toContain(first);
});
