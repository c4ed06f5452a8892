import { describe, expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { type InspectSource, type InstanceReport, instanceRef } from '@typekro/controller/inspect';
import type { NodeReport } from '@typekro/engine/runtime';
import { allActive, allCurrent, isRefusedForGood, Progress } from './progress.ts';

const APP = { apiVersion: 'kro.run/v1alpha1', kind: 'App' };
const object = (name: string): KubeObject => ({ ...APP, metadata: { name, namespace: 'default' }, spec: {} });
const target = { apiVersion: 'v1', kind: 'Pod', name: 'a' };

/** Returns reports of a controller, from a map of instance names to states. */
function source(states: Readonly<Record<string, string>>): InspectSource {
  const refs = new Map(
    Object.keys(states).map((name) => [instanceRef({ ...APP, name, namespace: 'default' }), name] as const),
  );
  return {
    definitions: () => [],
    instances: () =>
      [...refs].map(([ref, name]) => ({ ref, ...APP, name, namespace: 'default', state: states[name] ?? '' })) as never,
    report: (ref) => {
      const name = refs.get(ref);
      if (name === undefined) return undefined;
      return {
        ...APP,
        ref,
        name,
        namespace: 'default',
        state: states[name],
        definition: 'app',
        conditions: [],
        nodes: [],
      } as unknown as InstanceReport;
    },
    eventsAfter: () => [],
    subscribe: () => () => {},
  };
}

test('an object that belongs to another instance is reported with that instance', () => {
  const because = { kind: 'other-owner', object: target, owner: 'applyset-x', instance: 'App default/second' };
  const reports = source({ first: 'ERROR', second: 'ACTIVE' });
  const withNode: InspectSource = {
    ...reports,
    report: (ref) => {
      const report = reports.report(ref);
      return (
        report && { ...report, nodes: [{ id: 'n', state: 'failed', because, objects: [] } as unknown as NodeReport] }
      );
    },
  };
  const [view] = new Progress([object('first')], withNode).views();
  expect(view?.nodes[0]?.because).toMatchObject({ instance: 'App default/second' });
});

describe('progress of instances', () => {
  test('only an instance that was seen before and stays absent is shown as deleted', () => {
    const states: Record<string, string> = { seen: 'ACTIVE' };
    const reports = { current: source(states) };
    let now = 0;
    const progress = new Progress(
      [object('seen'), object('unseen')],
      {
        ...reports.current,
        definitions: () => [{ name: 'app' }] as never,
        report: (ref) => reports.current.report(ref),
        instances: () => reports.current.instances(),
      },
      () => now,
    );
    const shown = () => progress.views().map(({ name, state }) => `${name} ${state}`.trim());
    expect(shown()).toEqual(['seen ACTIVE', 'unseen']);
    reports.current = source({});
    expect(shown()).toEqual(['seen ACTIVE', 'unseen']);
    now = 2000;
    expect(shown()).toEqual(['seen deleted', 'unseen']);
    reports.current = source({ seen: 'IN_PROGRESS' });
    expect(shown()).toEqual(['seen IN_PROGRESS', 'unseen']);
  });

  test.each([
    ['ACTIVE', ['app'], 'deleted'],
    ['ACTIVE', [], 'unmanaged'],
    ['ERROR', [], 'unmanaged'],
    ['DELETING', [], 'deleted'],
    ['DELETING', ['app'], 'deleted'],
  ])(
    'an absent instance that was %s before, with the definitions %j, is shown as %s',
    (state, definitions, expected) => {
      const before = source({ seen: state });
      let [isGone, now] = [false, 0];
      const reports: InspectSource = {
        ...before,
        definitions: () => definitions.map((name) => ({ name })) as never,
        report: (ref) => (isGone ? undefined : before.report(ref)),
        instances: () => (isGone ? [] : before.instances()),
      };
      const progress = new Progress([object('seen')], reports, () => now);
      progress.views();
      isGone = true;
      progress.views();
      expect(progress.isUndecided).toBe(true);
      now = 2000;
      const [view] = progress.views();
      expect(progress.isUndecided).toBe(false);
      expect(view?.state).toBe(expected);
      expect(view?.message ?? '').toMatch(expected === 'unmanaged' ? /definition app is deleted: .* stay/ : /^$/);
    },
  );

  test.each<[string, (number | undefined)[], boolean]>([
    ['of the applied generation', [2], true],
    ['of a later generation', [3], true],
    ['of the applied and of an earlier generation', [2, 1], false],
    ['without a generation', [undefined], true],
  ])('conditions %s (%j) are about the applied generation or a later one: %s', (_name, generations, expected) => {
    const reports = source({ a: 'ACTIVE' });
    const conditions = generations.map((observedGeneration) => ({ type: 'Ready', status: 'True', observedGeneration }));
    const answered: InspectSource = {
      ...reports,
      report: (ref) => ({ ...reports.report(ref), conditions }) as unknown as InstanceReport,
    };
    const applied = object('a');
    applied.metadata.generation = 2;
    expect(allCurrent([applied], answered)).toBe(expected);
  });

  test('a report of an ACTIVE instance is read once for each step of the instance', () => {
    const states: Record<string, string> = { own: 'ACTIVE', child: 'ACTIVE', busy: 'IN_PROGRESS' };
    let reports = source(states);
    const read: string[] = [];
    const progress = new Progress([object('own')], {
      ...reports,
      instances: () => summaries,
      report: (ref) => {
        read.push(ref.split('/').at(-1) ?? '');
        return reports.report(ref);
      },
    });
    let summaries = reports.instances();
    for (let turn = 0; turn < 3; turn += 1) progress.views();
    expect(read.toSorted()).toEqual(['busy', 'busy', 'busy', 'child', 'own']);
    // A step replaces the summary.
    reports = source({ ...states, own: 'ERROR' });
    summaries = reports.instances();
    expect(progress.views()[0]?.state).toBe('ERROR');
  });

  test("the user's instances come before all other instances", () => {
    const progress = new Progress([object('own')], source({ child: 'ACTIVE', own: 'ACTIVE' }));
    expect(progress.views().map(({ name }) => name)).toEqual(['own', 'child']);
  });

  test('allActive is true when each instance is ACTIVE and each node is ready or skipped', () => {
    const node = (state: NodeReport['state']): NodeReport => ({
      id: 'a',
      state,
      objects: [],
      because: { kind: 'suspended' },
    });
    const view = { ref: 'a', kind: 'App', name: 'a', namespace: '', state: 'ACTIVE' };
    expect(allActive([{ ...view, nodes: [node('ready'), node('skipped')] }])).toBe(true);
    expect(allActive([{ ...view, nodes: [node('ready'), node('waiting')] }])).toBe(false);
    expect(allActive([{ ...view, state: 'IN_PROGRESS', nodes: [] }])).toBe(false);
  });
});

describe('a node can become ready only after a change by the user', () => {
  const write = (code: number, message = 'no'): NodeReport['because'] => ({
    kind: 'write-failed',
    object: target,
    failure: { code, reason: 'X', message },
    retryAt: 0,
  });

  test.each<[what: string, state: NodeReport['state'], because: NodeReport['because'], refused: boolean]>([
    ['an invalid object', 'failed', write(422), true],
    [
      'a node port that another Service uses',
      'failed',
      write(422, 'spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated'),
      false,
    ],
    ['a bad request', 'failed', write(400), true],
    ['a missing right', 'failed', write(403), false],
    ['a missing namespace', 'failed', write(404), false],
    ['a conflict', 'failed', write(409), false],
    ['a server that responds with 503', 'failed', write(503), false],
    ['a refused object, while the write is retried', 'applying', write(422), false],
    ['a node that is suspended', 'waiting', { kind: 'suspended' }, false],
  ])('with %s (state %s, reason %j): %s', (_what, state, because, refused) => {
    expect(isRefusedForGood({ id: 'a', state, objects: [], because })).toBe(refused);
  });
});
