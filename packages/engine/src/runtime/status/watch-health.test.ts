import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import type { Condition, WatchRequest } from '../model.ts';
import type { WatchState } from '../observed-state.ts';
import { keptWatchHealth, watchHealthConditions } from './watch-health.ts';

const NOW = Date.parse('2026-11-01T00:00:00Z');
const FORBIDDEN = { code: 403, reason: 'Forbidden', message: 'no' };

const watchOf = (group: string, plural: string, name: string, namespace?: string): WatchRequest => {
  const type = { group, version: 'v1', kind: plural, plural, namespaced: namespace !== undefined };
  return { kind: 'object', nodeId: '', target: { type, name, ...(namespace === undefined ? {} : { namespace }) } };
};
const WATCHES = [
  watchOf('', 'secrets', 'b', 'team'),
  watchOf('apps', 'deployments', 'a', 'team'),
  watchOf('apps', 'deployments', 'b', 'team'),
  watchOf('', 'nodes', 'n'),
];

const instanceWith = (condition?: Condition): KubeObject => ({
  apiVersion: 'x/v1',
  kind: 'X',
  metadata: { name: 'x', generation: 3 },
  ...(condition === undefined ? {} : { status: { conditions: [condition] } }),
});

const healthOf = (
  states: Readonly<Record<string, WatchState>>,
  known?: Condition,
  watchHealth = true,
  authored = false,
) =>
  watchHealthConditions({
    authored,
    instance: instanceWith(known),
    watch: WATCHES,
    observed: { watchState: ({ type }) => states[type.plural] ?? { state: 'synced' } },
    options: { now: NOW, watchHealth },
  });

const blocked: WatchState = { state: 'blocked', failure: FORBIDDEN };
const OLD: Condition = {
  type: 'WatchesHealthy',
  status: 'True',
  reason: 'AllWatchesSynced',
  message: 'changes to all watched kinds are detected',
  lastTransitionTime: '2026-10-01T00:00:00Z',
  observedGeneration: 3,
};

describe('the condition WatchesHealthy', () => {
  test.each<[string, Readonly<Record<string, WatchState>>, string]>([
    ['all watches have their lists', {}, 'True AllWatchesSynced: changes to all watched kinds are detected'],
    [
      'two kinds are refused',
      { secrets: blocked, deployments: blocked, nodes: { state: 'pending' } },
      'False WatchBlocked: changes are not detected, because a watch is refused: ' +
        'deployments.apps in team: Forbidden: no; secrets in team: Forbidden: no',
    ],
    [
      'a first list is pending',
      { nodes: { state: 'pending' } },
      'Unknown WatchesPending: waiting for the first list of nodes',
    ],
  ])('has the expected status when %s', (_, states, expected) => {
    const [found, ...more] = healthOf(states);
    expect(`${found?.status} ${found?.reason}: ${found?.message}`).toBe(expected);
    expect([found?.type, found?.observedGeneration, more]).toEqual(['WatchesHealthy', 3, []]);
  });

  test('does not change when a watch restarts, and changes when a watch is refused', () => {
    expect(healthOf({}, OLD)).toEqual([OLD]);
    expect(healthOf({ nodes: { state: 'pending' } }, OLD)).toEqual([OLD]);
    expect(healthOf({ nodes: blocked }, OLD)).toMatchObject([
      { status: 'False', lastTransitionTime: '2026-11-01T00:00:00Z' },
    ]);
  });

  test('does not use its earlier value if a condition of the author may have the type WatchesHealthy', () => {
    expect(healthOf({ nodes: { state: 'pending' } }, OLD, true, true)).toMatchObject([{ status: 'Unknown' }]);
    expect(healthOf({}, OLD, true, true)).toMatchObject([{ lastTransitionTime: '2026-11-01T00:00:00Z' }]);
  });

  test('is absent by default, and when no watch states are observed', () => {
    expect(healthOf({}, OLD, false)).toEqual([]);
    const options = { now: NOW, watchHealth: true };
    const watching = { instance: instanceWith(OLD), watch: WATCHES, observed: {}, options, authored: false };
    expect(watchHealthConditions(watching)).toEqual([]);
  });

  test('is kept by decisions that watch nothing', () => {
    const old = { ...OLD, observedGeneration: 2 };
    expect(keptWatchHealth(instanceWith(old), { watchHealth: true })).toEqual([old]);
    expect(keptWatchHealth(instanceWith(old), {})).toEqual([]);
    expect(keptWatchHealth(instanceWith(), { watchHealth: true })).toEqual([]);
  });
});
