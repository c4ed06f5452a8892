import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import type { KubeObject } from '@typekro/kit/core';
import { Store } from '../../store/store.ts';
import { ControllerClient } from '../controller-client.ts';
import { jobController } from '../jobs/job.ts';
import { PodTallies } from './pod-tallies.ts';
import { activePods, isFinished, isReady, isTerminating } from './pod-state.ts';
import { controllerOf } from '../relation-index.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const OWNERS = ['u1', 'u2'] as const;

const podState = fc.record({
  owner: fc.constantFrom(undefined, ...OWNERS),
  kind: fc.constantFrom('ReplicaSet', 'ReplicationController', 'Job', 'DaemonSet'),
  labels: fc.constantFrom<Record<string, string>>({}, { app: 'x', tier: 'y' }, { tier: 'y', app: 'x' }, { app: 'z' }),
  phase: fc.constantFrom('Running', 'Failed', 'Succeeded'),
  ready: fc.boolean(),
  terminating: fc.boolean(),
});
type PodState = typeof podState extends fc.Arbitrary<infer State> ? State : never;

/** When `state` is undefined, the pod is removed. */
const change = fc.record({ name: fc.constantFrom(...NAMES), state: fc.option(podState, { nil: undefined, freq: 4 }) });

function podOf(name: string, { owner, kind, labels, phase, ready, terminating }: PodState): KubeObject {
  const ownerReferences =
    owner === undefined ? [] : [{ apiVersion: 'v1', kind, name: owner, uid: owner, controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, ownerReferences, ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

/** Counts the pods of an owner by a scan of all pods, grouped by labels and without empty entries. */
function scanned(store: Store, owner: string): Map<string, number[]> {
  const counts = new Map<string, number[]>();
  for (const { object } of store.collection('', 'pods').all()) {
    const controller = controllerOf(object);
    if (controller?.uid !== owner || controller.kind === 'DaemonSet') continue;
    const active = activePods([object]).length;
    const share = [active, +(active === 1 && isReady(object)), +(isTerminating(object) && !isFinished(object))];
    const key = textOf(object.metadata.labels ?? {});
    counts.set(
      key,
      share.map((count, at) => count + (counts.get(key)?.[at] ?? 0)),
    );
  }
  return counts;
}

const textOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join();

const countsOf = (tallies: PodTallies, owner: string): Map<string, number[]> =>
  new Map(
    tallies.of(owner).map(({ labels, active, ready, terminating }) => [textOf(labels), [active, ready, terminating]]),
  );

const refill = (tallies: PodTallies, store: Store): void => tallies.fill(store);

const LABELS = { app: 'r' };
const replicaSet = (replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'r' },
  spec: { replicas, selector: { matchLabels: LABELS }, template: podTemplate(LABELS) },
});

describe('the counts of pods', () => {
  test('equal the counts of a scan of all pods after random changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.nat(40), (changes, begin) => {
        const store = new Store();
        const pods = store.collection('', 'pods');
        const apply = ({ name, state }: (typeof changes)[number]) =>
          void (state === undefined ? pods.remove(name) : pods.put(name, podOf(name, state)));
        for (const each of changes.slice(0, begin)) apply(each);
        const tallies = new PodTallies(store, ['ReplicaSet', 'ReplicationController', 'Job']);
        store.subscribe((event) => tallies.take(event));
        for (const each of changes.slice(begin)) apply(each);
        for (const owner of OWNERS) expect(countsOf(tallies, owner)).toEqual(scanned(store, owner));
        refill(tallies, store);
        for (const owner of OWNERS) expect(countsOf(tallies, owner)).toEqual(scanned(store, owner));
        for (const name of NAMES) pods.remove(name);
        expect(tallies.size).toBe(0);
      }),
    );
  });

  test('avoid reading all pods when pods are replaced one after another', async () => {
    await using story = await startClusterStory();
    const count = 30;
    await story.create(replicaSet(count));
    const names = await story.names('v1 Pod');
    const visit = vi.spyOn(ControllerClient.prototype, 'controlled');
    try {
      for (const name of names) {
        await story.client.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name });
        await story.cluster.idle();
      }
      await story.advance(60);
      const visited = visit.mock.results.reduce((sum, { value }) => sum + (value as readonly unknown[]).length, 0);
      expect(visited).toBe(0);
    } finally {
      visit.mockRestore();
    }
    const left = await story.names('v1 Pod');
    expect(left).toHaveLength(count);
    expect(left.filter((name) => names.includes(name))).toEqual([]);
    expect((await story.get('apps/v1 ReplicaSet', 'r')).status).toMatchObject({
      replicas: count,
      readyReplicas: count,
      terminatingReplicas: 0,
    });
  });

  test('let a reconcile of a Job read its pods only once', async () => {
    await using story = await startClusterStory();
    const read = vi.spyOn(ControllerClient.prototype, 'controlled');
    const run = vi.spyOn(jobController, 'reconcile');
    try {
      const template = {
        metadata: { labels: LABELS },
        spec: { ...(podTemplate(LABELS)['spec'] as object), restartPolicy: 'Never' },
      };
      const spec = { parallelism: 30, completions: 60, template };
      await story.create({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec });
      await story.advance(60);
      expect(run.mock.calls.length).toBeGreaterThan(1);
      expect(read.mock.calls.length).toBeLessThanOrEqual(run.mock.calls.length);
    } finally {
      read.mockRestore();
      run.mockRestore();
    }
    expect((await story.get('batch/v1 Job', 'j')).status).toMatchObject({ succeeded: 60, terminating: 0 });
  });

  test('show that one of many pods must be released', async () => {
    await using story = await startClusterStory();
    await story.create(replicaSet(3));
    const [name = ''] = await story.names('v1 Pod');
    await story.patch('v1 Pod', name, { metadata: { labels: { app: 'other' } } });
    expect((await story.get('v1 Pod', name)).metadata.ownerReferences).toBeUndefined();
    expect(await story.names('v1 Pod')).toHaveLength(4);
    expect((await story.get('apps/v1 ReplicaSet', 'r')).status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  });
});
