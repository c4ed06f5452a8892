import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { admitEviction } from './admit-eviction.ts';

const NOW = '2026-01-01T12:00:00Z';
const BEFORE = '2026-01-01T11:00:00Z';
const labels = { app: 'web' };

const pod = (phase: string, ready: boolean, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', labels, ...metadata },
  status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

const budget = (status: JsonObject, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'b', namespace: 'default', generation: 1 },
  spec: { selector: { matchLabels: labels }, ...spec },
  status: { observedGeneration: 1, ...status },
});

/** A store with one budget, and a list that records the budgets that are written to the store. */
function storeOf(object: KubeObject) {
  const written: KubeObject[] = [];
  const entry = { key: 'default/b', object };
  const collection = {
    size: 1,
    get: () => entry,
    all: () => [entry],
    inNamespace: () => [entry],
    put: (_key: string, changed: KubeObject) => written.push(changed),
  };
  return { store: { collection: () => collection }, written };
}

const NONE = { disruptionsAllowed: 0, desiredHealthy: 2, currentHealthy: 2 };
const many = Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`p${index}`, NOW]));

describe('an eviction', () => {
  test.each([
    ['a completed pod', pod('Succeeded', false), budget(NONE), 0],
    ['a pod that has failed', pod('Failed', true), budget(NONE), 0],
    ['a pending pod', pod('Pending', false), budget(NONE), 0],
    ['a pod that is being deleted', pod('Running', true, { deletionTimestamp: NOW }), budget(NONE), 0],
    ['a pod that no budget selects', pod('Running', true, { labels: {} }), budget(NONE), 0],
    ['an unhealthy pod while enough other pods are healthy', pod('Running', false), budget(NONE), 0],
    [
      'an unhealthy pod whose budget always allows its eviction',
      pod('Running', false),
      budget({ ...NONE, currentHealthy: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
      0,
    ],
    [
      'a healthy pod whose budget allows a disruption',
      pod('Running', true),
      budget({ ...NONE, disruptionsAllowed: 1 }),
      1,
    ],
  ])('of %s is admitted', (_, evicted, protecting, writes) => {
    const { store, written } = storeOf(protecting);
    admitEviction(store, evicted, NOW, true);
    expect(written).toEqual([]);
    admitEviction(store, evicted, NOW, false);
    expect(written.length).toBe(writes);
    for (const { status } of written)
      expect(status).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { p: NOW } });
  });

  test.each([
    [1, 'False', NOW],
    [2, 'True', BEFORE],
  ])(
    'of a pod whose budget allows %i disruptions sets the condition DisruptionAllowed to %s',
    (disruptionsAllowed, status, lastTransitionTime) => {
      const other = { type: 'Other', status: 'True' };
      const condition = {
        type: 'DisruptionAllowed',
        status: 'True',
        reason: 'SufficientPods',
        lastTransitionTime: BEFORE,
      };
      const { store, written } = storeOf(budget({ ...NONE, disruptionsAllowed, conditions: [other, condition] }));
      admitEviction(store, pod('Running', true), NOW, false);
      const reason = status === 'True' ? 'SufficientPods' : 'InsufficientPods';
      expect(written.map((object) => object.status?.['conditions'])).toEqual([
        [other, expect.objectContaining({ type: 'DisruptionAllowed', status, reason, lastTransitionTime })],
      ]);
    },
  );

  const WHY = 'The disruption budget b';
  test.each([
    ['a budget with just enough healthy pods', budget(NONE), 429, `${WHY} needs 2 healthy pods and has 2 currently`],
    [
      'an unhealthy pod while too few pods are healthy',
      budget({ ...NONE, currentHealthy: 1 }),
      429,
      `${WHY} needs 2 healthy pods and has 1 currently`,
    ],
    [
      'a budget that is newer than its status',
      budget({ ...NONE, observedGeneration: 0 }),
      429,
      `${WHY} is still being processed by the server.`,
    ],
    [
      'a budget whose status could not be computed',
      budget({
        ...NONE,
        conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' }],
      }),
      429,
      `${WHY} does not allow evicting pods currently because it failed sync: no scale`,
    ],
    [
      'a budget whose condition has another reason',
      budget({
        ...NONE,
        currentHealthy: 3,
        conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'Other', message: 'later' }],
      }),
      429,
      `${WHY} does not allow evicting pods currently (Other): later`,
    ],
    [
      'a budget without a condition',
      budget({ ...NONE, currentHealthy: 3 }),
      429,
      `${WHY} does not allow evicting pods currently`,
    ],
    ['a negative number of allowed disruptions', budget({ ...NONE, disruptionsAllowed: -1 }), 403, undefined],
    ['too many unconfirmed evictions', budget({ ...NONE, disruptionsAllowed: 1, disruptedPods: many }), 403, undefined],
  ])('is refused: %s', (what, protecting, code, cause) => {
    const { store, written } = storeOf(protecting);
    const evicted = pod('Running', !what.startsWith('an unhealthy'));
    const refusal = expect.objectContaining({
      httpCode: code,
      ...(cause === undefined
        ? {}
        : {
            status: expect.objectContaining({
              details: expect.objectContaining({ causes: [{ reason: 'DisruptionBudget', message: cause }] }) as unknown,
            }) as unknown,
          }),
    }) as Error;
    expect(() => admitEviction(store, evicted, NOW, false)).toThrow(refusal);
    expect(written).toEqual([]);
  });
});

describe('the deletion by an eviction', () => {
  const evict = async ({ cluster }: ClusterStory, deleteOptions: JsonObject, query = ''): Promise<number> => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, deleteOptions };
    const reply = await cluster
      .transport()
      .request({
        method: 'POST',
        path: `/api/v1/namespaces/default/pods/p/eviction${query}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(eviction),
      });
    return reply.status;
  };
  const spec = { containers: [{ name: 'c', image: 'i' }] };

  test.each<[string, JsonObject, string, number, boolean]>([
    ['deletes the pod', {}, '', 201, false],
    ['is a dry run if its options say so', { dryRun: ['All'] }, '', 201, true],
    ['is a dry run if the query says so', {}, '?dryRun=All', 201, true],
    ['is refused for an unknown dryRun value', { dryRun: ['Some'] }, '', 422, true],
    ['is refused if the pod has another resource version', { preconditions: { resourceVersion: '1' } }, '', 409, true],
    ['is refused if the pod has another uid', { preconditions: { uid: 'x' } }, '', 409, true],
    ['is refused for two propagation policies', { propagationPolicy: 'Orphan', orphanDependents: true }, '', 422, true],
  ])('%s', async (_title, deleteOptions, query, status, isLeft) => {
    await using story = await startClusterStory();
    await story.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
    expect(await evict(story, deleteOptions, query)).toBe(status);
    await story.cluster.idle();
    expect((await story.find('v1 Pod', 'p')) !== undefined).toBe(isLeft);
  });
});

describe('the object of an eviction', () => {
  test.each([
    ['of policy/v1beta1 is accepted', 'policy/v1beta1', 'p', 201],
    ['of an unknown version is refused', 'policy/v2', 'p', 400],
    ['with a name other than the name in the URL is refused', 'policy/v1', 'other', 400],
    ['without a name is refused', 'policy/v1', '', 400],
  ])('%s', async (_title, apiVersion, name, status) => {
    await using story = await startClusterStory();
    const spec = { containers: [{ name: 'c', image: 'i' }] };
    await story.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
    const reply = await story.cluster
      .transport()
      .request({
        method: 'POST',
        path: '/api/v1/namespaces/default/pods/p/eviction',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion, kind: 'Eviction', metadata: name === '' ? {} : { name } }),
      });
    expect(reply.status).toBe(status);
    await story.cluster.idle();
    expect((await story.find('v1 Pod', 'p')) === undefined).toBe(status === 201);
  });
});

describe('the disruption controller', () => {
  const ref = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name: 'b', namespace: 'default' };

  test('counts an evicted pod as unhealthy until the pod is deleted, but for at most two minutes', async () => {
    await using story = await startClusterStory();
    for (const name of ['one', 'two'])
      await story.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, labels },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
    const spec = { selector: { matchLabels: labels }, minAvailable: 1 };
    await story.create({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec });
    const healthy = async () => (await story.get('policy/v1 PodDisruptionBudget', 'b')).status?.['currentHealthy'];
    expect(await healthy()).toBe(2);
    const disruptedPods = { one: NOW, gone: NOW };
    await story.client.patch(ref, { status: { disruptedPods } }, { subresource: 'status' });
    await story.cluster.idle();
    const counted = await story.get('policy/v1 PodDisruptionBudget', 'b');
    expect(counted.status).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0, disruptedPods: { one: NOW } });
    expect(counted.status?.['disruptedPods']).not.toHaveProperty('gone');
    await story.advance(121);
    const settled = await story.get('policy/v1 PodDisruptionBudget', 'b');
    expect(settled.status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(settled.status).not.toHaveProperty('disruptedPods');
    expect(await story.reasons('one')).toContain('NotDeleted');
  });
});
